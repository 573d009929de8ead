"""Factory of the metadata judge: the protocol's model on the server of a connection file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path

from evaluator.config.judge_settings import JudgeSettings
from evaluator.config.llm_settings import LLMConnection
from evaluator.config.settings_file import load_settings
from evaluator.llm.prompts import load_prompt
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.metadata.judge import Judge
from submissions.errors import NotFound

JudgeOpener = Callable[[str], AbstractContextManager[Judge | None]]
"""Opens the judge for a submission, under whose name its tokens are counted."""


def open_no_judge(_submission: str) -> AbstractContextManager[Judge | None]:
    """Open no judge, which leaves metadata unjudged."""
    return nullcontext()


def judge_opener(protocol: AnchoredProtocol, connection: Path | None, *, left_out: bool, work: Path) -> JudgeOpener:
    """Return an opener of the protocol's judge on a connection file's server; answers go to `work/judge.sqlite`.

    Raises NotFound if the protocol has a judge and neither a file is given nor the judge left out, or if the
    file is invalid, with its error.
    """
    if protocol.judge is None or left_out:
        return open_no_judge
    if connection is None:
        raise NotFound(
            f"{protocol.name} uses the metadata judge {protocol.judge.model.name}: name its connection with "
            "--judge FILE (docs/organiser-judge.md has one), or omit it with --no-judge."
        )
    found = load_settings(connection, LLMConnection, "docs/organiser-judge.md")
    return partial(open_judge, protocol.track, protocol.judge, found, dict(os.environ), work / "judge.sqlite")


@contextmanager
def open_judge(
    track: str, settings: JudgeSettings, connection: LLMConnection, environ: Mapping[str, str], path: Path, ledger: str
) -> Iterator[Judge]:
    """Open the judge with a track's prompts; answers and usage lie in the sqlite file at `path`, under `ledger`.

    Raises NotFound if a prompt is not of the version that the protocol names, and ChatFailed if there is no key.
    """
    from evaluator.llm.open_client import open_client  # imported here: the openai client takes a second to load

    comparing, describing = (load_prompt(track, name) for name in (settings.judge_prompt, settings.describe_prompt))
    with open_client(settings.model, connection, environ, path, ledger) as chat:
        yield Judge(settings, chat, comparing, describing, connection.at_once)
