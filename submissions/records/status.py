"""States of a submission, and its history."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from submissions.records.base import Key, Record, Ulid

State = Literal[
    "received",
    "checking",
    "refused",
    "queued",
    "evaluating",
    "retrying",
    "failed",
    "evaluated",
    "published",
    "withdrawn",
]
"""State of a submission. `refused`, `published` and `withdrawn` are final; `failed` is retried, which is
`retrying`; `evaluated` has a result that only its submitter sees, until they publish it.
"""

Stage = Key
"""A step of an evaluation; the track lists its own in order."""


class Status(Record):
    """State of a submission at one time."""

    state: State
    stage: Stage | None = None
    done: int | None = Field(default=None, ge=0)
    """Tasks of this stage that are finished, out of `of`."""
    of: int | None = Field(default=None, ge=0)
    place: int | None = Field(default=None, ge=1)
    """Position in the queue, 1 is next, out of `of`."""
    expected_start: datetime | None = None
    """Expected start of a queued submission, if those before it take as long as past ones did."""
    message: str
    log_tail: str = Field(default="", max_length=4000)
    """Last lines of the failure's log, without anything of the hidden rows or the machine."""
    fault: Literal["submission", "evaluator"] | None = None
    """Side at fault for a rejection or failure."""
    time: datetime


class History(Record):
    """All status entries of a submission, oldest first."""

    submission: Ulid
    entries: tuple[Status, ...] = Field(min_length=1)

    @property
    def now(self) -> Status:
        """The latest entry."""
        return self.entries[-1]
