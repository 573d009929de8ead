"""How hard each task is: what its two anchors are, and how many systems' data clearly taught the model something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leaderboard.latest import latest
from leaderboard.snapshot import Snapshot, per_snapshot
from submissions.models import Score, TaskResult
from submissions.tables import scale_name

METHOD = "fine_tune"
CORNER = (
    "no system gains clearly: the 95% interval of every evaluated system's fine-tune gain reaches 0 or below. "
    "Entries that are set apart, and systems that delivered nothing for the task, do not count"
)
"""What a corner case is."""


@dataclass(frozen=True)
class Difficulty:
    """One task under one protocol."""

    base: Score
    """What the untouched model scores, 0 to 1; as is the reference, from the newest result."""
    reference: Score
    systems: int | None
    """Systems whose fine-tune gain has an interval; None under a protocol that has no gains."""
    gained: int | None
    """Those of them whose interval lies above 0."""

    @property
    def corner_case(self) -> bool | None:
        """Whether no system gains clearly; None as long as none was measured."""
        return self.gained == 0 if self.systems else None


@per_snapshot
def difficulties(snapshot: Snapshot, track: str, protocol: str) -> dict[str, Difficulty]:
    """The difficulty of each task that was ever scored under a protocol, by its id."""
    newest: dict[str, TaskResult] = {}
    for _, result in snapshot.published:
        if (result.track, result.protocol) == (track, protocol):
            newest |= {task.task: task for task in result.tasks}
    gains: dict[str, list[Score]] = {name: [] for name in newest}
    for result in latest(snapshot, track, protocol).values():
        for task in result.tasks:
            gains[task.task].extend(_gains(task))
    return {name: _difficulty(task, gains[name]) for name, task in newest.items()}


def _gains(task: TaskResult) -> Iterator[Score]:
    for method in task.methods:
        if task.state == "scored" and method.method == METHOD and method.gain.interval:
            yield method.gain


def _difficulty(task: TaskResult, scores: list[Score]) -> Difficulty:
    # A share of the reference score is above 0 for the untouched model too, so it cannot say who gained.
    if any(scale_name(method.gain) != "gain" for method in task.methods):
        return Difficulty(task.base, task.reference, None, None)
    above = sum(score.interval is not None and score.interval[0] > 0 for score in scores)
    return Difficulty(task.base, task.reference, len(scores), above)
