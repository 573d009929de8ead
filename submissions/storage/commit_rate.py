"""How often a repository is committed to: the Hub refuses at some 128 commits an hour, and hardly says so before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class CommitRateLimit:
    """The limits that a repository keeps, and how it waits. A test moves `clock`, and `sleep` with it."""

    per_hour: int = 60
    """Commits of all writers together within an hour; half of what the Hub allows, since people commit too."""
    min_interval: timedelta = timedelta()
    """Least time between two commits; a minute for whoever writes state all day."""
    max_wait: timedelta = timedelta()
    """How long a commit is waited for; where it would take longer, it is Busy at once."""
    clock: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], None] = time.sleep

    def next_commit_at(self, made: Iterable[datetime]) -> datetime:
        """When the next commit may be made, after the commits at these times; the past if it may be made now."""
        recent = sorted(moment for moment in made if moment > self.clock() - HOUR)
        if not recent:
            return self.clock()
        full = recent[-self.per_hour] + HOUR if len(recent) >= self.per_hour else recent[0]
        return max(full, recent[-1] + self.min_interval)
