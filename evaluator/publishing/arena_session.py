"""Buffered, lease-guarded write access to the results and drafts repositories.

The flush order never publishes a status before its draft.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from evaluator.publishing.buffered_repo import BufferedRepo
from evaluator.publishing.lease import LEASE_DURATION
from submissions.arena.arena import Arena
from submissions.storage.format_version import check_format


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class ArenaSession:
    """One evaluator's write access to an arena. Reads through `arena` include its own unflushed writes."""

    arena: Arena
    results: BufferedRepo
    drafts: BufferedRepo

    def acquire_leases(self) -> None:
        """Take both leases; that of `drafts` locks out a suspended evaluator that lost `results`.

        Raises LeaseHeld, and NewerFormat before anything is written.
        """
        check_format(self.arena.results)
        self.results.acquire_lease()
        self.drafts.acquire_lease()

    def heartbeat(self, *, at_work: bool = True) -> None:
        """Flush pending files within the rate limit, and renew the leases if at work. Raises LeaseLost."""
        if self._flush_drafts_first(at_once=False):
            self.results.heartbeat(at_work=at_work)
            self.drafts.heartbeat(at_work=at_work)

    def flush(self, *, at_once: bool = False) -> bool:
        """Flush pending files within the rate limit; return whether all are written. Raises LeaseLost."""
        done = self._flush_drafts_first(at_once=at_once) and self.results.flush(at_once=at_once)
        return done and self.drafts.flush(at_once=at_once)

    @property
    def next_commit_at(self) -> datetime | None:
        """Earliest time for the next attempt to flush pending files; None for now."""
        return max(
            (one.next_commit_at for one in (self.results, self.drafts) if one.next_commit_at and one.pending),
            default=None,
        )

    @property
    def pending(self) -> int:
        """Number of files not written yet."""
        return self.results.pending + self.drafts.pending

    def release_leases(self) -> None:
        """Release both leases."""
        self.drafts.release_lease()
        self.results.release_lease()

    def _flush_drafts_first(self, *, at_once: bool) -> bool:
        """Write new drafts before `results` refers to them; deletions in `drafts` follow afterwards."""
        return self.drafts.flush(at_once=at_once, adding=True)


def open_session(
    arena: Arena,
    owner: str,
    nonce: str,
    *,
    gap: timedelta = timedelta(),
    term: timedelta = LEASE_DURATION,
    clock: Callable[[], datetime] = _utc_now,
) -> ArenaSession:
    """Create a session for an arena without taking its leases; `gap` is the least time between two commits.

    A process with the nonce of a killed one takes over at once; two with one nonce must never run.
    """
    results, drafts = (BufferedRepo(repo, owner, clock, gap, term, nonce) for repo in (arena.results, arena.drafts))
    return ArenaSession(replace(arena, results=results, drafts=drafts), results, drafts)


@contextmanager
def heartbeat_while(session: ArenaSession, seconds: float = 10.0) -> Iterator[None]:
    """Run heartbeats in the background during long work.

    Raises their error at the end, unless a commit hit it before.
    """
    stop = threading.Event()

    def send_heartbeats() -> None:
        while not stop.wait(seconds):
            session.heartbeat()

    with ThreadPoolExecutor(1, "heartbeat") as pool:
        ended = pool.submit(send_heartbeats)
        try:
            yield
        finally:
            stop.set()
        ended.result()
