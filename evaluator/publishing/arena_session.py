"""Where an evaluator writes: `results` and `drafts`, each held by a lease, in the order that loses nothing."""

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
from submissions.arena.format_version import check_format


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class ArenaSession:
    """One evaluator's hold on an arena. `arena` reads what it has said already, written or not."""

    arena: Arena
    results: BufferedRepo
    drafts: BufferedRepo

    def acquire_leases(self) -> None:
        """Take both leases; that of `drafts` keeps out one who lost that of `results` in its sleep.

        Raises LeaseHeld, and NewerFormat before anything is written.
        """
        check_format(self.arena.results)
        self.results.acquire_lease()
        self.drafts.acquire_lease()

    def heartbeat(self, *, at_work: bool = True) -> None:
        """Write what waits as far as the pace allows, and renew the leases of one at work. Raises Lost."""
        if self._flush_drafts_first(at_once=False):
            self.results.heartbeat(at_work=at_work)
            self.drafts.heartbeat(at_work=at_work)

    def flush(self, *, at_once: bool = False) -> bool:
        """Write what waits as far as the pace allows; whether all is written. Raises Lost."""
        done = self._flush_drafts_first(at_once=at_once) and self.results.flush(at_once=at_once)
        return done and self.drafts.flush(at_once=at_once)

    @property
    def next_commit_at(self) -> datetime | None:
        """When it may be tried again to write what waits; None for now."""
        return max(
            (one.next_commit_at for one in (self.results, self.drafts) if one.next_commit_at and one.pending),
            default=None,
        )

    @property
    def pending(self) -> int:
        """How many files are not written yet."""
        return self.results.pending + self.drafts.pending

    def release_leases(self) -> None:
        """Give both leases back."""
        self.drafts.release_lease()
        self.results.release_lease()

    def _flush_drafts_first(self, *, at_once: bool) -> bool:
        """What is new in `drafts` is there before `results` says so; what leaves it leaves after."""
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
    """A desk at an arena, whose leases are not taken yet; `gap` is the least time between two commits.

    A process that was killed is followed at once by one with its nonce; two with one nonce must never run.
    """
    results, drafts = (BufferedRepo(repo, owner, clock, gap, term, nonce) for repo in (arena.results, arena.drafts))
    return ArenaSession(replace(arena, results=results, drafts=drafts), results, drafts)


@contextmanager
def heartbeat_while(desk: ArenaSession, seconds: float = 10.0) -> Iterator[None]:
    """Have a desk beat beside long work. What stops it is raised at the end, if no commit has met it before."""
    stop = threading.Event()

    def send_heartbeats() -> None:
        while not stop.wait(seconds):
            desk.heartbeat()

    with ThreadPoolExecutor(1, "heartbeat") as pool:
        ended = pool.submit(send_heartbeats)
        try:
            yield
        finally:
            stop.set()
        ended.result()
