"""Publication dates of results, and filters for a board's state on an earlier day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.errors import NotFound


def parse_day(text: str) -> str:
    """Parse a day, YYYY-MM-DD. Raises NotFound for anything else."""
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise NotFound(f"No day {text[:40]!r}; write asof=YYYY-MM-DD, for example 2026-03-05.") from None


def publication_days(snapshot: Snapshot) -> Mapping[str, str]:
    """Map each submission's id to its first publication day (UTC). Unreadable histories are left out."""
    return snapshot.published_on


def is_published_by(snapshot: Snapshot, ulid: str, asof: str) -> bool:
    """Return whether a result was published by the end of a day; always True for an empty day."""
    return not asof or publication_days(snapshot).get(ulid, "9999") <= asof


def latest_publication_day(snapshot: Snapshot, asof: str) -> str:
    """Return the last day up to `asof` with a new result, so that days without one share a cache key."""
    return max((found for found in publication_days(snapshot).values() if found <= asof), default="")
