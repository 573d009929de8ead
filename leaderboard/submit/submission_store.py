"""The way from an accepted delivery into the arena."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from submissions.arena.arena import Arena
from submissions.index.submission_index import SubmissionBrief
from submissions.records.submission import Submission
from submissions.submitting.bulk_commit import commit_submissions

Known = Callable[[], Mapping[str, SubmissionBrief]]
"""The submissions that were read before, and need not be read again to be counted."""


@dataclass(frozen=True)
class PendingSubmission:
    """A submission that was accepted and is not in the arena."""

    submission: Submission
    until: datetime | None
    """When it is written there, as far as is known; None if it never will be."""
    why: str
    """In words: what it waits for, or why it was turned away after all."""


class SubmissionStore(Protocol):
    """Takes in what was checked."""

    def store_submission(self, submission: Submission, data: Path) -> None:
        """Keep a submission for good; `data` may go afterwards. Raises Spent, or whatever keeps it from being kept."""
        ...

    def find_pending(self, ulid: str) -> PendingSubmission | None:
        """What is known of a submission that is kept and not yet in the arena, or was turned away."""
        ...

    def list_pending(self, owner: str) -> list[PendingSubmission]:
        """All of an owner's, oldest first."""
        ...

    def wait_until_settled(self, ulid: str, seconds: float) -> None:
        """Wait a while for a submission to reach the arena, or to be turned away."""
        ...

    def close(self) -> None:
        """Stop what runs in the background."""
        ...


class DirectStore:
    """For an arena in a folder, which takes a commit whenever one comes and keeps it for good."""

    def __init__(self, arena: Arena, limits: Mapping[str, int], known: Known) -> None:
        self._arena = arena
        self._limits = limits
        self._known = known

    def store_submission(self, submission: Submission, data: Path) -> None:
        spent = commit_submissions(self._arena, [(submission, data)], limits=self._limits, known=self._known())
        if submission.id in spent:
            raise spent[submission.id]

    def find_pending(self, ulid: str) -> PendingSubmission | None:
        del ulid
        return None

    def list_pending(self, owner: str) -> list[PendingSubmission]:
        del owner
        return []

    def wait_until_settled(self, ulid: str, seconds: float) -> None:
        del ulid, seconds

    def close(self) -> None:
        pass
