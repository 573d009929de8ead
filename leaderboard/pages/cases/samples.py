"""First rows of a system's delivery for a task, if its owner permits showing them to everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from leaderboard.data.memoize import lru_per_snapshot
from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.arena.arena import Arena
from submissions.errors import CorruptRecord, NotFound
from submissions.records.owner_requests import can_show_samples
from submissions.records.result import TaskResult
from submissions.records.submission import Submission
from submissions.records.task import Row

ROWS = 5
LETTERS = 600
"""Characters shown of an input or output."""
_READING = Lock()
"""Held while a delivered file is in memory: several large ones at a time would be too much for a web app."""


@dataclass(frozen=True)
class DeliveredSample:
    """One row, possibly cut."""

    input: str
    output: str
    in_part: bool


def load_samples(
    snapshot: Snapshot, arena: Arena, submission: Submission, task: TaskResult
) -> tuple[DeliveredSample, ...]:
    """Load up to five delivered rows; none without permission, and no row that copies a hidden one."""
    # Where the screen has not looked, nobody knows which rows are the hidden ones.
    if task.screen is None or not _can_show_samples(snapshot, arena, submission):
        return ()
    return _first_samples(arena, submission, task.task, task.screen.removed_lines)


def cut_rows(rows: Sequence[Row]) -> tuple[DeliveredSample, ...]:
    """Cut rows for display."""
    return tuple(_cut_row(row.input, row.output) for row in rows)


def _cut_row(given: str, said: str) -> DeliveredSample:
    return DeliveredSample(given[:LETTERS], said[:LETTERS], max(len(given), len(said)) > LETTERS)


@lru_per_snapshot(most=500)
def _can_show_samples(snapshot: Snapshot, arena: Arena, submission: Submission) -> bool:  # noqa: ARG001  its key
    try:
        wishes = arena.read_owner_requests(submission.id)
    except CorruptRecord:
        return False
    return can_show_samples(wishes, submission.owner)


# A submission is written once, so its rows never change.
@lru_cache(maxsize=200)
def _first_samples(
    arena: Arena, submission: Submission, task: str, removed: tuple[int, ...]
) -> tuple[DeliveredSample, ...]:
    try:
        with _READING:
            rows = arena.read_rows(submission, task, ROWS + len(removed))
    except (NotFound, CorruptRecord):
        return ()
    copies = set(removed)
    return cut_rows([row for line, row in enumerate(rows, 1) if line not in copies][:ROWS])
