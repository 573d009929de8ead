"""The few-shot stage: the untouched model with rows of the entry as chat turns before each question."""

from __future__ import annotations

import random
from collections.abc import Sequence

from evaluator.exam import Exam, rows_hash
from evaluator.metrics import Measured, average, of_items
from evaluator.workbench import Workbench
from submissions.models import Method, Row

METHOD: dict[int, Method] = {1: "few_shot_1", 3: "few_shot_3", 5: "few_shot_5"}


def few_shot(bench: Workbench, exam: Exam, rows: Sequence[Row], shots: int) -> Measured:
    """Answers with `shots` rows of the entry, averaged over the protocol's draws."""
    rules = bench.protocol.few_shot
    draws = [
        _draw(bench, exam, shots, draw, drawn)
        for draw in range(rules.draws)
        if (drawn := draw_shots(rows[: bench.protocol.sft.max_rows], shots, f"{rules.seed}:{exam.task.id}:{draw}"))
    ]
    return average(draws) if draws else of_items(exam.task.metric, [])


def draw_shots(rows: Sequence[Row], shots: int, seed: str) -> list[Row]:
    """Rows to show, the same for the same seed; all of them where there are fewer than `shots`."""
    return random.Random(seed).sample(list(rows), min(shots, len(rows)))  # noqa: S311  # a reproducible draw, no secret


def _draw(bench: Workbench, exam: Exam, shots: int, draw: int, drawn: list[Row]) -> Measured:
    bench.progress(f"{shots}-shot {exam.task.id}", draw, bench.protocol.few_shot.draws)
    key = bench.key("few_shot", exam.sha256, rows_hash(drawn))
    return exam.measured(bench.ask("few_shot", key, exam, bench.model, [(row.input, row.output) for row in drawn]))
