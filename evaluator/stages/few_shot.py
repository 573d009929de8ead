"""Few-shot stage: the untouched model with rows of the entry as chat turns before each question."""

from __future__ import annotations

import random
from collections.abc import Sequence

from evaluator.scoring.eval_set import EvalSet, hash_rows
from evaluator.stages.context import EvaluationContext, ModelRequest
from submissions.records.task import Row


def few_shot_requests(bench: EvaluationContext, exam: EvalSet, rows: Sequence[Row], shots: int) -> list[ModelRequest]:
    """Build requests with `shots` rows of the entry, one for each of the protocol's draws."""
    rules, mine = bench.protocol.few_shot, rows[: bench.protocol.sft.max_rows]
    if not mine:
        return []
    shown = shots if len(mine) >= shots or rules.with_fewer_rows == "all" else 0
    return [
        _build_request(bench, exam, draw_shots(mine, shown, f"{rules.seed}:{exam.task.id}:{draw}"))
        for draw in range(rules.draws)
    ]


def draw_shots(rows: Sequence[Row], shots: int, seed: str) -> list[Row]:
    """Draw rows as shots, the same for the same seed; all rows if there are fewer than `shots`."""
    return random.Random(seed).sample(list(rows), min(shots, len(rows)))  # noqa: S311  # a reproducible draw, no secret


def _build_request(bench: EvaluationContext, exam: EvalSet, drawn: list[Row]) -> ModelRequest:
    key = bench.stage_key("few_shot", exam.sha256, hash_rows(drawn))
    return ModelRequest("few_shot", key, exam, tuple((row.input, row.output) for row in drawn))
