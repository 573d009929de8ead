"""Existence check of submissions named in a URL."""

from __future__ import annotations

from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.errors import CorruptRecord, NotFound


def require_submission(snapshot: Snapshot, ulid: str) -> None:
    """Require a readable submission. Raises NotFound, or CorruptRecord for an unreadable record."""
    if ulid in snapshot.submissions or ulid in snapshot.results:
        return
    for entry in snapshot.unreadable:
        if entry.record == ulid:
            raise CorruptRecord(entry.why)
    raise NotFound(f"No submission {ulid[:40]!r}. The page /submissions lists all {len(snapshot.submissions)}.")
