"""Which tasks a board's headline is the mean of, and that mean where no total of these tasks is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.lately import lately
from leaderboard.snapshot import Snapshot
from submissions.models import Result, Task

LEAST = 4
"""Tasks that an interval needs; with fewer, the spread between them says next to nothing."""
_Z = 1.959963984540054


@dataclass(frozen=True)
class Scope:
    """The tasks of a kind, a category, a language; all, where a field is empty."""

    kind: str = ""
    category: str = ""
    language: str = ""

    @property
    def headline(self) -> str:
        """The column that the board is about: a stored total, or `selected` where none is stored."""
        return "selected" if self.category or self.language else self.kind or "overall"

    def has(self, task: Task | None, subset: str) -> bool:
        """Whether a task counts. One that the benchmark no longer lists has no kind, category or language."""
        if task is None:
            return self == Scope()
        wanted = ((self.kind, task.kind), (self.category, task.category), (self.language, task.language))
        return subset in task.subsets and all(not one or one == other for one, other in wanted)


ALL = Scope()


@dataclass(frozen=True)
class Mean:
    """The mean gain over the tasks of a scope, on the protocol's scale."""

    value: float | None
    interval: tuple[float, float] | None
    median: float | None
    n: int
    why: str | None
    """Why there is no value."""


def gains(snapshot: Snapshot, result: Result, method: str, subset: str, scope: Scope) -> dict[str, float | None]:
    """Gain by task, of the tasks of a subset and scope; None is a task that could not be scored."""
    return {
        task.task: score.gain.value
        for task in result.tasks
        if scope.has(snapshot.tasks.get(task.task), subset)
        for score in task.methods
        if score.method == method
    }


@lately(most=64)
def means(snapshot: Snapshot, track: str, protocol: str, method: str, subset: str, scope: Scope) -> dict[str, Mean]:
    """The mean of every result of a track under a protocol, by submission."""
    return {
        ulid: mean_of(list(gains(snapshot, result, method, subset, scope).values()))
        for ulid, result in snapshot.published
        if (result.track, result.protocol) == (track, protocol)
    }


def mean_of(found: Sequence[float | None]) -> Mean:
    """The mean of gains with its 95% interval over tasks."""
    values = [value for value in found if value is not None]
    if not found or len(values) < len(found):
        lost = len(found) - len(values)
        why = (
            f"{lost} of {len(found)} chosen tasks could not be scored" if found else "the result has none of the tasks"
        )
        return Mean(None, None, None, len(found), why)
    return Mean(float(np.mean(values)), task_interval(values), float(np.median(values)), len(values), None)


def task_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The 95% interval of a mean over tasks: Student's t on the spread between tasks, mean ± t · sd / √n.

    The spread holds what other test items would change too, since every task's gain carries that noise. None for fewer
    than LEAST tasks, and for tasks that do not differ at all.
    """
    spread = float(np.std(values, ddof=1)) if len(values) >= LEAST else 0.0
    if not spread:
        return None
    mean, half = float(np.mean(values)), student(len(values) - 1) * spread / len(values) ** 0.5
    return mean - half, mean + half


def student(freedom: int) -> float:
    """The 97.5% quantile of Student's t, within 0.5% from 3 degrees of freedom (Abramowitz and Stegun 26.7.5)."""
    z = _Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + float(sum(term / freedom**power for power, term in enumerate(terms, 1)))
