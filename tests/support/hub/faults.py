"""What a test, or a person at the administration end point, may have go wrong: at run time, one switch each."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


class Clock:
    """The time, which may be moved forward but never waits."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def forward(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass
class Faults:
    """Everything off: a Hub that works."""

    down: bool = False
    """503 for every request."""
    held: bool = False
    """409 for every commit, as while another one is in progress."""
    stale: int = 0
    """repo_info shows the head as it was so many commits ago."""
    stale_commits: int = 0
    """The list of commits lags by so many, too."""
    quota: int | None = None
    """Commits that a repository takes in an hour before it answers 429."""
    page: int = 1000
    """Entries on a page of a tree."""
    slow: float = 0
    """Seconds before every answer."""
    limited: int | None = None
    """429 for so many API calls to come, with the seconds of `limited_for`."""
    limited_for: int = 55
    commits: deque[str] = field(default_factory=deque)
    """What becomes of the next commits, one name each, `ok` for none: see COMMIT_FAULTS."""
    requests: deque[str] = field(default_factory=deque)
    """What becomes of the next requests of any kind: `reset`, `500`, `503` or `ok`."""
    corrupted: set[str] = field(default_factory=set)
    """Paths whose content is served with one byte changed, its ETag as before."""
    before_commit: Callable[[], None] | None = None
    """Called once before the next commit is applied: another writer moves the head."""
    gate: threading.Event | None = None
    """Answers to commits wait for it, when it is there; the commit has landed by then."""


COMMIT_FAULTS = {
    "409": "refused as if another commit were in progress",
    "412": "refused as if the head had moved",
    "429": "refused for the commit quota",
    "500": "an error before anything was done",
    "504 before": "a gateway time-out; nothing landed",
    "504 after": "a gateway time-out; the commit landed",
    "reset before": "the connection is cut; nothing landed",
    "reset after": "the connection is cut; the commit landed",
}
