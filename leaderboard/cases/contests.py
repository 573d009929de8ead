"""Comparison of systems on each task: the best of each type, and the preview beside the headline."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.published.latest_results import latest_results
from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.index.result_summary import Floats, ResultLayout, ResultSummary
from submissions.tracks import get_track


class Best(NamedTuple):
    """One system's gain on a task by the headline method."""

    value: float
    submission: str


@dataclass(frozen=True)
class TaskContest:
    """One task under one protocol, over each system's latest result scored on it."""

    best: Mapping[str, Best]
    """Best system by type of system."""
    both: int
    """Number of systems with a gain by the last method of the preview and one by the headline method."""
    preview: float
    """Mean gain of these systems by the preview; NaN if there are none, as is `trained`."""
    trained: float
    """Mean gain of these systems by the headline method."""
    better: int
    """Number of these systems that gain more by the headline method than by the preview."""

    @property
    def shown(self) -> tuple[str, ...]:
        """Submissions to compare, best first."""
        return tuple(best.submission for best in sorted(self.best.values(), key=lambda best: -best.value))

    def lead_of(self, kind: str, other: str) -> float | None:
        """Lead of the best system of a type over the best of another; negative if it is behind."""
        first, second = self.best.get(kind), self.best.get(other)
        return first.value - second.value if first and second else None

    @property
    def surprise(self) -> float | None:
        """Mean advantage of the headline method over the preview; None for fewer than two systems."""
        return self.trained - self.preview if self.both > 1 else None


@cached_per_snapshot
def build_contests(snapshot: Snapshot, track: str, protocol: str) -> Mapping[str, TaskContest]:
    """Build a contest for every task with a scored system, in benchmark order."""
    newest = latest_results(snapshot, track, protocol)
    tasks = [name for name, task in snapshot.tasks.items() if task.track == track]
    trained = _gain_matrix(newest.values(), tasks, get_track(track).headline)
    shown_before = get_track(track).preview_keys
    previews = _gain_matrix(newest.values(), tasks, shown_before[-1]) if shown_before else np.full_like(trained, nan)
    ids, types = list(newest), np.array([result.system_type for result in newest.values()], dtype=object)
    return {
        name: _task_contest(ids, types, trained[:, at], previews[:, at])
        for at, name in enumerate(tasks)
        if np.isfinite(trained[:, at]).any()
    }


def _gain_matrix(results: Collection[ResultSummary], tasks: Sequence[str], method: str) -> Floats:
    """Gains by result and task; NaN for unscored tasks."""
    found = np.full((len(results), len(tasks)), np.nan)
    for row, result in enumerate(results):
        places = _task_positions(result.layout, tuple(tasks))
        gains = np.append(np.where(result.scored, result.gains_by_task(method), np.nan), np.nan)
        found[row] = gains[places]
    found[np.isinf(found)] = np.nan
    return found


@lru_cache(maxsize=100)
def _task_positions(layout: ResultLayout, tasks: tuple[str, ...]) -> NDArray[np.intp]:
    """Positions of tasks in a layout; -1 for a missing one."""
    return np.array([layout.task_positions.get(name, -1) for name in tasks], dtype=np.intp)


def _task_contest(ids: Sequence[str], types: NDArray[np.object_], trained: Floats, previews: Floats) -> TaskContest:
    best = {}
    for kind in dict.fromkeys(types[np.isfinite(trained)]):
        first = int(np.nanargmax(np.where(types == kind, trained, np.nan)))
        best[kind] = Best(float(trained[first]), ids[first])
    both = np.isfinite(trained) & np.isfinite(previews)
    before, after = (float(values[both].mean()) if both.any() else nan for values in (previews, trained))
    return TaskContest(best, int(both.sum()), before, after, int((trained[both] > previews[both]).sum()))
