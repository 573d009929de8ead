"""Difficulty of each task: its two anchors, and the number of systems with a clear gain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.published.latest_results import latest_results
from leaderboard.data.snapshot.details_file import TaskDetails
from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.index.result_summary import ResultLayout, ResultSummary
from submissions.tracks.track import Track


@dataclass(frozen=True)
class TaskAnchors:
    """An anchor score with its 95% interval."""

    value: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Difficulty:
    """One task under one protocol."""

    base: TaskAnchors
    """Score of the untouched model, 0 to 1, from the newest result, like the reference."""
    reference: TaskAnchors
    systems: int | None
    """Systems whose headline gain has an interval; None under a protocol without gains."""
    gained: int | None
    """Number of these systems whose interval lies above 0."""

    @property
    def corner_case(self) -> bool | None:
        """True if no system has a clear gain; None if none was measured."""
        return self.gained == 0 if self.systems else None


def define_corner_case(track: Track) -> str:
    """Return the definition of a corner case in a clause."""
    label = track.headline_method.label
    return (
        f"no system gains clearly: the 95% interval of every evaluated system's {label} gain reaches 0 or below. "
        "Entries under review, and systems without data for the task, do not count"
    )


@cached_per_snapshot
def task_difficulties(snapshot: Snapshot, track: str, protocol: str) -> dict[str, Difficulty]:
    """Compute the difficulty of each task ever scored under a protocol, by its id."""
    by_layout: dict[ResultLayout, tuple[str, ResultSummary]] = {}
    for ulid, result in snapshot.published:
        if (result.track, result.protocol) == (track, protocol):
            by_layout[result.layout] = ulid, result
    newest: dict[str, tuple[str, ResultSummary]] = {}
    for ulid, result in sorted(by_layout.values(), key=itemgetter(0)):
        newest |= dict.fromkeys(result.layout.tasks, (ulid, result))
    measured, gained = _count_gains(latest_results(snapshot, track, protocol).values())
    return {
        name: _task_difficulty(snapshot, ulid, result, name, measured[name], gained[name])
        for name, (ulid, result) in newest.items()
    }


def _count_gains(results: Iterable[ResultSummary]) -> tuple[Counter[str], Counter[str]]:
    """Count, per task, the results whose headline gain has an interval, and those with one above 0."""
    alike: dict[ResultLayout, list[ResultSummary]] = {}
    for result in results:
        alike.setdefault(result.layout, []).append(result)
    measured: Counter[str] = Counter()
    gained: Counter[str] = Counter()
    for layout, found in alike.items():
        above = np.array([np.where(result.scored, result.clearly_positive, -1) for result in found])
        measured.update(dict(zip(layout.tasks, (above >= 0).sum(axis=0).tolist(), strict=True)))
        gained.update(dict(zip(layout.tasks, (above > 0).sum(axis=0).tolist(), strict=True)))
    return measured, gained


def _task_difficulty(
    snapshot: Snapshot, ulid: str, result: ResultSummary, task: str, measured: int, gained: int
) -> Difficulty:
    line = snapshot.task_details(ulid, result, task)
    assert line
    base, reference = _anchor_score(line, "base"), _anchor_score(line, "reference")
    # A share of the reference score is above 0 for the untouched model too, so it cannot say who gained.
    return Difficulty(base, reference, *((measured, gained) if result.scale == "gain" else (None, None)))


def _anchor_score(line: TaskDetails, name: str) -> TaskAnchors:
    low, high = line.of_task(f"{name}_low"), line.of_task(f"{name}_high")
    return TaskAnchors(line.of_task(name), None if low is None or high is None else (low, high))
