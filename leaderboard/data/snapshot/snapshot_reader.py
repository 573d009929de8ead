"""Gives out the newest snapshot and refreshes it when a repository's head moves."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.snapshot.snapshot_builder import SnapshotBuilder
from submissions.arena.arena import Arena
from submissions.errors import ArenaError
from submissions.index.submission_index import SubmissionBrief

log = logging.getLogger(__name__)


class SnapshotReader:
    """Provides the newest snapshot; re-reads only changed files, and only after a head has changed.

    If reading a head takes a request, it is read at most every `every` seconds, in the background: visitors get the
    previous snapshot meanwhile, also while the Hub is unreachable.
    """

    def __init__(self, arena: Arena, every: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.arena = arena
        self.every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: Snapshot | None = None
        self._looked = 0.0
        self._builder = SnapshotBuilder(arena)

    def snapshot(self) -> Snapshot:
        """Return the last-read arena. Raises CorruptRecord for an unreadable head; at first also Unreachable."""
        if (latest := self._latest) is None or not self.every:
            return self.refresh()
        if self._clock() - self._looked >= self.every:
            self._looked = self._clock()
            threading.Thread(target=self._refresh_in_background, name="reader", daemon=True).start()
        return latest

    def refresh(self) -> Snapshot:
        """Return the arena at its current heads. Raises as `snapshot` does."""
        self._looked = self._clock()
        key = f"{self.arena.results.head()[:16]}-{self.arena.submissions.head()[:16]}"
        if (latest := self._latest) and latest.key == key:
            return latest
        with self._lock:
            if self._latest is None or self._latest.key != key:
                # A writer that commits meanwhile moves a head, so the next look reads again.
                self._latest = self._builder.build(key)
            return self._latest

    def last_briefs(self) -> Mapping[str, SubmissionBrief]:
        """Submissions of the last snapshot, without a refresh."""
        return self._latest.briefs if self._latest else {}

    def _refresh_in_background(self) -> None:
        try:
            self.refresh()
        except ArenaError as error:
            log.warning("Kept the last snapshot, refresh failed: %s", error)
