"""Baselines without a model that results carry by task, such as always giving the majority label."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.index.result_details import TRIVIAL

SYSTEM = "Best trivial baseline"
"""Name of the board's row."""
KEY = "trivial-baseline"


@dataclass(frozen=True)
class TrivialBaseline:
    """One baseline on one task."""

    name: str
    score: float
    low: float | None
    high: float | None
    gain: float | None
    """None on a task that does not count."""


@cached_per_snapshot
def baselines_by_task(snapshot: Snapshot, track: str, protocol: str) -> dict[str, list[TrivialBaseline]]:
    """Return the baselines of each task under a protocol, best first, from the newest result that has some."""
    for ulid, result in reversed(list(snapshot.published)):
        if (result.track, result.protocol) != (track, protocol):
            continue
        found: dict[str, list[TrivialBaseline]] = {}
        for task, baseline in _read_baselines(snapshot.missing_reasons(ulid, result)):
            found.setdefault(task, []).append(baseline)
        if found:
            return {task: sorted(some, key=lambda one: -one.score) for task, some in found.items()}
    return {}


def mean_trivial_gain(
    snapshot: Snapshot, track: str, protocol: str, subset: str, group: str
) -> tuple[float, int] | None:
    """Return the mean gain of the tasks' best baselines, and the number of tasks that count; None for none."""
    gains = [
        some[0].gain
        for name, some in baselines_by_task(snapshot, track, protocol).items()
        if (task := snapshot.tasks.get(name)) and subset in task.subsets and group in ("overall", task.kind)
    ]
    counted = [gain for gain in gains if gain is not None]
    return (mean(counted), len(counted)) if counted else None


def _read_baselines(reasons: dict[str, str]) -> Iterator[tuple[str, TrivialBaseline]]:
    for place, text in reasons.items():
        task, is_trivial, name = place.partition(TRIVIAL)
        if is_trivial:
            score, low, high, gain = json.loads(text)
            yield task, TrivialBaseline(name, score, low, high, gain)
