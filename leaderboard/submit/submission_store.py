"""Storage of accepted submissions in the arena."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from submissions.arena.arena import Arena
from submissions.arena.ids import find_tail, id_tail
from submissions.index.submission_index import SubmissionBrief
from submissions.records.submission import Submission
from submissions.submitting.attempts import read_keys
from submissions.submitting.bulk_commit import commit_submissions
from submissions.submitting.same_files import find_same_files

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

    def store_submission(self, submission: Submission, data: Path) -> str:
        """Store a submission durably, unless there is one of its seed; return the id of the one that is stored.

        `data` may be deleted after. Raises SubmissionDenied, or storage errors.
        """
        ...

    def find_stored(self, tail: str) -> str | None:
        """Return the id of a stored or pending submission with this `id_tail`."""
        ...

    def find_repeated(self, submission: Submission) -> str:
        """Return another submission, stored or pending, with the same files of the same team; empty without any."""
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

    def store_submission(self, submission: Submission, data: Path) -> str:
        spent = commit_submissions(self._arena, [(submission, data)], limits=self._limits, known=self._known())
        if submission.id in spent:
            raise spent[submission.id]
        return self.find_stored(id_tail(submission.id)) or submission.id

    def find_stored(self, tail: str) -> str | None:
        return find_tail(tail, self._arena.submission_ids())

    def find_repeated(self, submission: Submission) -> str:
        return find_same_files(self._arena, submission, read_keys(self._arena, self._known()))

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
