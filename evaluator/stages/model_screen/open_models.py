"""Opens the models of the screen within their budgets, and counts what they have used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from evaluator.config.model_screen_settings import EmbeddingStage, JudgeStage, ModelScreenSettings
from evaluator.llm.budget import Budget, compute_cost
from evaluator.llm.embeddings.open_embeddings import open_embeddings
from evaluator.llm.open_client import open_client
from evaluator.llm.prompts import load_prompt
from evaluator.stages.model_screen.pair_findings import StageUsage
from evaluator.stages.model_screen.pair_judge import PairJudge
from evaluator.stages.model_screen.task_screen import ModelScreen

_PROMPTS = "model_screen"


@contextmanager
def open_model_screen(
    settings: ModelScreenSettings, environ: Mapping[str, str], path: Path, source: str
) -> Iterator[ModelScreen]:
    """Open the stages of the settings; the sqlite file at `path` has their answers, and their usage for `source`.

    Raises NotFound for a prompt of another version, and ModelCallFailed without a key.
    """
    with ExitStack() as stack:
        embeddings, judge = None, None
        if one := settings.embedding:
            ledger = _name_ledger("embedding", source)
            embeddings = stack.enter_context(open_embeddings(one.model, one.connection, environ, path, ledger))
        if other := settings.judge:
            prompt = load_prompt(_PROMPTS, other.prompt)
            ledger = _name_ledger("judge", source)
            chat = stack.enter_context(open_client(other.model, other.connection, environ, path, ledger))
            judge = PairJudge(other, chat, prompt)
        yield ModelScreen(settings, embeddings, judge)


def read_usage(settings: ModelScreenSettings, path: Path, source: str) -> tuple[StageUsage, ...]:
    """Read what the stages have used for a source, over all runs."""
    usages = []
    stages: dict[str, EmbeddingStage | JudgeStage | None] = {"embedding": settings.embedding, "judge": settings.judge}
    for name, stage in stages.items():
        if stage is not None:
            tokens = Budget(stage.connection, path, _name_ledger(name, source)).recorded_usage
            cost = compute_cost(tokens, stage.connection)
            usage = {"stage": name, "model": stage.model.name, "snapshot": stage.model.snapshot, "cost": cost}
            usages.append(StageUsage.model_validate({**usage, "tokens": tokens}))
    return tuple(usages)


def _name_ledger(stage: str, source: str) -> str:
    return f"model screen, {stage}: {source}"
