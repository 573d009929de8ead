"""When a result was published, and what a board held at the end of an earlier day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.errors import NotFound


def parse_day(text: str) -> str:
    """A day as it was written, YYYY-MM-DD. Raises NotFound for anything else."""
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise NotFound(f"No day {text[:40]!r}; write asof=YYYY-MM-DD, for example 2026-03-05.") from None


def publication_days(snapshot: Snapshot) -> Mapping[str, str]:
    """The day (UTC) on which each submission was first published, by its id. A lost history leaves it out."""
    return snapshot.published_on


def is_published_by(snapshot: Snapshot, ulid: str, asof: str) -> bool:
    """Whether a result was published by the end of a day; always, if no day is given."""
    return not asof or publication_days(snapshot).get(ulid, "9999") <= asof


def latest_publication_day(snapshot: Snapshot, asof: str) -> str:
    """The last day up to `asof` that brought a result, so that all days until the next share one answer."""
    return max((found for found in publication_days(snapshot).values() if found <= asof), default="")
