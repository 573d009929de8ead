"""How the systems stand to each other on each task: the best of each type, and what few shots foretold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from statistics import fmean
from typing import NamedTuple

from leaderboard.latest import latest
from leaderboard.snapshot import Snapshot, per_snapshot
from submissions.models import Method

METHOD: Method = "fine_tune"
PREVIEW: Method = "few_shot_5"


class Best(NamedTuple):
    """One system's gain on a task by fine-tuning."""

    value: float
    submission: str


@dataclass
class Contest:
    """One task under one protocol, over each system's latest result that was scored on it."""

    best: dict[str, Best] = field(default_factory=dict)
    """By type of system."""
    previews: list[float] = field(default_factory=list)
    """Gains by five shots of the systems that have both, and by fine-tuning, in the same order."""
    trained: list[float] = field(default_factory=list)

    @property
    def shown(self) -> tuple[str, ...]:
        """The submissions to set side by side, the best first."""
        return tuple(best.submission for best in sorted(self.best.values(), key=lambda best: -best.value))

    @property
    def apart(self) -> float | None:
        """How far the best search system is ahead of the best synthesis system; below 0 it is behind."""
        found = [self.best.get(kind) for kind in ("search", "synthesis")]
        return found[0].value - found[1].value if found[0] and found[1] else None

    @property
    def surprise(self) -> float | None:
        """By how much fine-tuning is worth more than five shots, on average; None for fewer than two systems."""
        return fmean(self.trained) - fmean(self.previews) if len(self.trained) > 1 else None


@per_snapshot
def contests(snapshot: Snapshot, track: str, protocol: str) -> Mapping[str, Contest]:
    """Every task of the benchmark that some system was scored on, in the benchmark's order."""
    found = {name: Contest() for name, task in snapshot.tasks.items() if task.track == track}
    for ulid, result in latest(snapshot, track, protocol).items():
        trained, previews = result.by_task(METHOD), result.by_task(PREVIEW)
        for at, name in enumerate(result.layout.tasks):
            if result.scored[at] and isfinite(trained[at]) and name in found:
                _enter(found[name], Best(float(trained[at]), ulid), result.system_type, float(previews[at]))
    return {name: contest for name, contest in found.items() if contest.best}


def _enter(contest: Contest, one: Best, system_type: str, preview: float) -> None:
    before = contest.best.get(system_type)
    if before is None or one.value > before.value:
        contest.best[system_type] = one
    if isfinite(preview):
        contest.previews.append(preview)
        contest.trained.append(one.value)
