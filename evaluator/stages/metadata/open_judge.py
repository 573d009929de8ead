"""Opens the judge that a protocol names, on the server that the organiser has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from evaluator.config.judge_settings import JudgeSettings
from evaluator.config.llm_settings import LLMConnection
from evaluator.llm.open_client import open_client
from evaluator.llm.prompts import load_prompt
from evaluator.stages.metadata.judge import Judge

_TRACK = "dataset_research"


@contextmanager
def open_judge(
    settings: JudgeSettings, connection: LLMConnection, environ: Mapping[str, str], path: Path, ledger: str
) -> Iterator[Judge]:
    """The judge; its answers and its spending lie in the sqlite file at `path`, counted in `ledger`.

    Raises NotFound if a prompt is not of the version that the protocol names, and ChatFailed if there is no key.
    """
    comparing, describing = (load_prompt(_TRACK, name) for name in (settings.judge_prompt, settings.describe_prompt))
    with open_client(settings.model, connection, environ, path, ledger) as chat:
        yield Judge(settings, chat, comparing, describing, connection.at_once)
