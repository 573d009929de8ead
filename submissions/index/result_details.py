"""Per-task figures of a result that no board needs: scores, intervals, anchors, in one table of numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from submissions.index.result_summary import Floats, ResultLayout
from submissions.records.base import Score
from submissions.records.result import Result, TaskResult

BY_METHOD = ("score", "score_low", "score_high", "gain_low", "gain_high", "n")
BY_TASK = (
    "base", "base_low", "base_high", "base_n", "reference", "reference_low", "reference_high", "reference_n",
    "seed_sd", "removed",
)  # fmt: skip

TRIVIAL = "/trivial/"
"""Part between a task and the name of one of its baselines without a model."""


def name_columns(numbers: Floats, methods: int) -> NDArray[np.void]:
    """Return the same memory with named columns: BY_TASK, and `methods` with BY_METHOD for each method."""
    by_method = np.dtype([(name, np.float64) for name in BY_METHOD])
    row = np.dtype([*((name, np.float64) for name in BY_TASK), ("methods", by_method, (methods,))])
    named: NDArray[np.void] = np.ascontiguousarray(numbers).view(row)[:, 0]
    return named


@dataclass(frozen=True, eq=False)
class ResultDetails:
    """All per-task numbers that a result's summary leaves out. A missing number is NaN."""

    numbers: Floats
    """By task: BY_TASK, then BY_METHOD for each method of the layout."""
    missing_reasons: str
    """JSON: reason of a missing number, by `task/method/score`, `task/method/gain`, `task/base` or `task/reference`,
    and of rough intervals, by `task/rough`. By `task/trivial/name` a baseline without a model, as JSON: its score,
    both ends and gain.
    """


def extract_details(result: Result, layout: ResultLayout) -> ResultDetails:
    """Extract the details of a result whose summary has that layout."""
    rows = [_make_task_row(task, layout) for task in result.tasks]
    whys = {place: why for task in result.tasks for place, why in _collect_reasons(task).items() if why}
    width = len(BY_TASK) + len(BY_METHOD) * len(layout.methods)
    numbers = np.array(rows, dtype=np.float64).reshape(len(rows), width)
    return ResultDetails(numbers, json.dumps(whys, ensure_ascii=False) if whys else "")


def _make_task_row(task: TaskResult, layout: ResultLayout) -> list[float | None]:
    row = [*_value_bounds_count(task.base), *_value_bounds_count(task.reference), task.seed_sd, task.removed]
    found = {one.method: one for one in task.methods}
    for name in layout.methods:
        one = found.get(name)
        row += (
            [*_value_and_bounds(one.score), *_value_and_bounds(one.gain)[1:], one.score.n]
            if one
            else [None] * len(BY_METHOD)
        )
    return row


def _collect_reasons(task: TaskResult) -> dict[str, str | None]:
    anchors = {"base": task.base, "reference": task.reference}
    found = {f"{task.task}/{name}": score.why if score else None for name, score in anchors.items()}
    for one in task.methods:
        found[f"{task.task}/{one.method}/score"] = one.score.why
        found[f"{task.task}/{one.method}/gain"] = one.gain.why
        found[f"{task.task}/rough"] = one.score.rough or found.get(f"{task.task}/rough")
    for trivial in task.trivial:
        numbers = [*_value_and_bounds(trivial.score), trivial.gain.value]
        found[f"{task.task}{TRIVIAL}{trivial.score.name}"] = json.dumps(numbers)
    return found


def _value_bounds_count(score: Score | None) -> tuple[Any, ...]:
    return (*_value_and_bounds(score), score.n) if score else (None,) * 4


def _value_and_bounds(score: Score) -> tuple[float | None, float | None, float | None]:
    low, high = score.interval or (None, None)
    return score.value, low, high
