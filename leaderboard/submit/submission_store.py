"""Storage of accepted submissions in the arena."""

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
"""Submissions already read, which need no second read for counting."""


@dataclass(frozen=True)
class PendingSubmission:
    """An accepted submission that is not in the arena."""

    submission: Submission
    until: datetime | None
    """Expected time of the commit; None if it was refused."""
    why: str
    """Reason for the wait or for the refusal, in words."""


class SubmissionStore(Protocol):
    """Stores checked submissions."""

    def store_submission(self, submission: Submission, data: Path) -> None:
        """Store a submission durably; `data` may be deleted after. Raises AttemptsExhausted, or storage errors."""
        ...

    def find_pending(self, ulid: str) -> PendingSubmission | None:
        """Return an accepted submission not yet in the arena, or a refused one; None for others."""
        ...

    def list_pending(self, owner: str) -> list[PendingSubmission]:
        """Return an owner's pending and refused submissions, oldest first."""
        ...

    def wait_until_settled(self, ulid: str, seconds: float) -> None:
        """Wait up to `seconds` for a submission to reach the arena, or to be refused."""
        ...

    def close(self) -> None:
        """Stop background work."""
        ...


class DirectStore:
    """Store for an arena in a folder, which accepts commits at any time."""

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
