"""Task filters for a board's headline, and its mean if no total of these tasks is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from leaderboard.data.memoize import cached_per_snapshot, lru_per_snapshot
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.statistics import student_interval
from submissions.index.result_summary import NOT_MEASURED, Floats, ResultSummary
from submissions.records.task import Task


@dataclass(frozen=True)
class TaskFilter:
    """Selects tasks by kind, category and language; an empty field matches all."""

    kind: str = ""
    category: str = ""
    language: str = ""

    @property
    def headline(self) -> str:
        """The board's headline column: a stored total, or `selected` if none is stored."""
        return "selected" if self.category or self.language else self.kind or "overall"

    def matches(self, task: Task | None, subset: str) -> bool:
        """Return whether a task counts. Tasks removed from the benchmark have no kind, category or language."""
        if task is None:
            return self == TaskFilter()
        wanted = ((self.kind, task.kind), (self.category, task.category), (self.language, task.language))
        return subset in task.subsets and all(not one or one == other for one, other in wanted)


ALL = TaskFilter()


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean gain over the selected tasks, on the protocol's scale."""

    value: float | None
    interval: tuple[float, float] | None
    median: float | None
    n: int
    why: str | None
    """Reason for a missing value."""


@cached_per_snapshot
def task_mask(snapshot: Snapshot, tasks: tuple[str, ...], subset: str, scope: TaskFilter) -> NDArray[np.bool_]:
    """Boolean mask of the tasks that belong to a subset and scope."""
    return np.array([scope.matches(snapshot.tasks.get(task), subset) for task in tasks], dtype=np.bool_)


def filtered_gains(
    snapshot: Snapshot, result: ResultSummary, method: str, subset: str, scope: TaskFilter
) -> tuple[tuple[str, ...], Floats]:
    """Return a subset and scope's tasks tried by a method, and their gains; NaN if unscored."""
    found = result.gains_by_task(method)
    chosen = task_mask(snapshot, result.layout.tasks, subset, scope) & (found != NOT_MEASURED)
    return _select_names(result.layout.tasks, chosen.tobytes()), found[chosen]


@lru_cache(maxsize=1000)
def _select_names(tasks: tuple[str, ...], chosen: bytes) -> tuple[str, ...]:
    return tuple(task for task, is_in in zip(tasks, chosen, strict=True) if is_in)


@lru_per_snapshot(most=64, rows=30_000)
def compute_means(
    snapshot: Snapshot, track: str, protocol: str, method: str, subset: str, scope: TaskFilter
) -> dict[str, Mean]:
    """Compute the mean of every result of a track under a protocol, by submission."""
    return {
        ulid: mean_of(filtered_gains(snapshot, result, method, subset, scope)[1])
        for ulid, result in snapshot.published
        if (result.track, result.protocol) == (track, protocol)
    }


def mean_of(gains: Sequence[float | None] | Floats) -> Mean:
    """Compute the mean of gains with its 95% interval over tasks."""
    found = np.asarray(gains, dtype=np.float64)
    values = found[~np.isnan(found)]
    if not len(found) or len(values) < len(found):
        lost = len(found) - len(values)
        some = f"{lost} of {len(found)} chosen tasks could not be scored"
        why = some if len(found) else "the result has none of the tasks"
        return Mean(None, None, None, len(found), why)
    return Mean(float(np.mean(values)), task_interval(values), float(np.median(values)), len(values), None)


def task_interval(values: Sequence[float] | Floats) -> tuple[float, float] | None:
    """Compute a mean's 95% interval over tasks: Student's t on the task spread, mean ± t · sd / √n."""
    interval = student_interval(values)
    return interval if interval and interval[0] < interval[1] else None
