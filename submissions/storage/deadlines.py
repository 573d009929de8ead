"""Waits by the wall clock that a clock set back does not prolong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

CLOCK_TOLERANCE = timedelta(minutes=5)
"""Difference between two machines' clocks that is no reason for doubt."""


@dataclass(frozen=True)
class Deadline:
    """End of a wait that began at `since`. It is over, too, once the clock shows a time before that."""

    since: datetime
    until: datetime

    def is_over(self, now: datetime) -> bool:
        return now >= self.until or now < self.since


def has_elapsed(since: datetime, duration: timedelta, now: datetime) -> bool:
    """Return whether a duration has passed; also True if the clock was set back behind its start."""
    return Deadline(since, since + duration).is_over(now)


def select_recent(times: list[datetime], within: timedelta, now: datetime) -> list[datetime]:
    """Return the times of the last `within`, sorted, none after now; times in the future are of another clock."""
    return sorted(min(time, now) for time in times if now - within < time <= now + CLOCK_TOLERANCE)
