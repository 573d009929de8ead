"""Commit rate limit of a repository: the Hub refuses at some 128 commits an hour, with hardly any warning."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from submissions.storage.deadlines import select_recent

HOUR = timedelta(hours=1)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class CommitRateLimit:
    """Commit limits of a repository and its waiting. A test moves `clock`, and `sleep` with it."""

    per_hour: int = 60
    """Commits of all writers together within an hour; half the Hub's limit, since people commit too."""
    min_interval: timedelta = timedelta()
    """Minimum time between two commits; a minute for a writer that updates state all day."""
    max_wait: timedelta = timedelta()
    """Maximum wait for a commit; a longer one raises RateLimited at once."""
    clock: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], None] = time.sleep

    def next_commit_at(self, made: Iterable[datetime]) -> datetime:
        """Return the earliest time for a commit after commits at these times; in the past if it may be made now."""
        now = self.clock()
        recent = select_recent(list(made), HOUR, now)
        if not recent:
            return now
        full = recent[-self.per_hour] + HOUR if len(recent) >= self.per_hour else recent[0]
        return max(full, recent[-1] + self.min_interval)
