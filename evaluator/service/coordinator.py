"""The evaluator's loop: hold the arena's lease, refresh the queue, run the next submission, publish.

It owns the timer that looks after the queue while a submission runs (evaluator/service/queue_timer.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evaluator.errors import HUB_ERRORS
from evaluator.publishing.arena_session import ArenaSession, heartbeat_while
from evaluator.publishing.lease import LeaseHeld, LeaseLost
from evaluator.publishing.task_list import publish_task_list
from evaluator.service.queue_timer import QueueTimer
from evaluator.service.submission_runner import SubmissionRunner
from submissions.arena.arena import Arena
from submissions.errors import ArenaError, RateLimited
from submissions.records.status import State
from submissions.storage.deadlines import has_elapsed

RETRY_BACKOFF = (60.0, 600.0)
"""Seconds until the next try to reach a Hub, or to take another's lease: initial and maximum."""
FAILURE_COOLDOWN = timedelta(hours=1)
"""Pause before a failed submission is retried, in an evaluator that runs forever."""


@dataclass
class Coordinator:
    """Main loop of one evaluator. `wait` and `clock` are its only access to time, so tests control both."""

    open_session: Callable[[], ArenaSession]
    """Opens a session without leases; called again each time that the leases were lost."""
    open_worker: Callable[[Arena], SubmissionRunner]
    clock: Callable[[], datetime]
    wait: Callable[[float], None]
    say: Callable[[str], None]
    every: float = 5.0
    """Seconds between two polls for new submissions."""
    failed: dict[str, datetime] = field(default_factory=dict)
    """Time of the last failure, by submission."""
    _last_message: str = ""
    _pause: float = RETRY_BACKOFF[0]

    def run(self, *, forever: bool) -> None:
        """Run until nothing is pending, or forever.

        If not forever, raises LeaseHeld, LeaseLost, and the Hub's first error.
        """
        while True:
            session = self.open_session()
            try:
                session.acquire_leases()
                with self._release_on_exit(session):
                    self._run_session(self.open_worker(session.arena), session, forever=forever)
                    return
            except (LeaseHeld, LeaseLost, *HUB_ERRORS) as error:
                if not forever:
                    raise
                self._back_off(error)

    def run_once(
        self, worker: SubmissionRunner, session: ArenaSession, *, forever: bool = False
    ) -> tuple[str, State] | None:
        """Refresh the queue, do the next piece of work, and flush within the rate limit; None if nothing is pending."""
        backed_off = self._backed_off_ids(forever=forever)
        line, did = worker.submission_queue.refresh(backed_off), None
        if line:
            session.heartbeat()
            with heartbeat_while(session):
                did = worker.run_next(line, QueueTimer(worker.submission_queue, backed_off))
            self._report_outcome(worker, *did)
        session.flush()
        return did

    def _run_session(self, worker: SubmissionRunner, session: ArenaSession, *, forever: bool) -> None:
        prepared = False
        while True:
            try:
                if not prepared:
                    with heartbeat_while(session):  # a context may download its model first
                        publish_task_list(worker.arena, worker.benchmark, worker.contexts.iter_contexts())
                    prepared = True
                if self.run_once(worker, session, forever=forever) is None:
                    if not forever:
                        return
                    self.wait(self.every)
                self._last_message, self._pause = "", RETRY_BACKOFF[0]
            except HUB_ERRORS as error:
                self._back_off(error)

    @contextmanager
    def _release_on_exit(self, session: ArenaSession) -> Iterator[None]:
        """On exit, flush all writes and release the lease, if time allows; a lost lease or Hub is left alone."""
        try:
            yield
        except (LeaseHeld, LeaseLost, *HUB_ERRORS):
            raise
        except (KeyboardInterrupt, ArenaError, OSError):
            self._release_now(session)
            raise
        self._flush_and_release(session)

    def _flush_and_release(self, session: ArenaSession) -> None:
        """Flush all writes, however long the Hub rejects commits, then release the lease."""
        while not session.flush():
            due = session.next_commit_at
            self.wait(max(1.0, (due - self.clock()).total_seconds()) if due else 1.0)
            session.heartbeat()
        self._release_lease(session)

    def _release_now(self, session: ArenaSession) -> None:
        """Try once to flush all writes and release the lease."""
        try:
            if session.flush(at_once=True):
                self._release_lease(session)
            else:
                self.say(f"{session.pending} file(s) could not be written; the next run will write them.")
        except ArenaError as error:
            self.say(str(error))

    def _release_lease(self, session: ArenaSession) -> None:
        try:
            session.release_leases()
        except HUB_ERRORS as error:
            self.say(f"The lease stays active until it expires, or this evaluator starts again. {error}")

    def _backed_off_ids(self, *, forever: bool) -> set[str]:
        now = self.clock()
        return {
            ulid for ulid, since in self.failed.items() if not forever or not has_elapsed(since, FAILURE_COOLDOWN, now)
        }

    def _report_outcome(self, worker: SubmissionRunner, ulid: str, state: State) -> None:
        if state == "failed":
            self.failed[ulid] = self.clock()
        else:
            self.failed.pop(ulid, None)
        now = worker.arena.read_history(ulid).now
        self.say(f"{ulid}: {now.state}. {now.message}")

    def _back_off(self, error: ArenaError) -> None:
        """Report an error once, then wait."""
        kind = f"{error.lease.owner} {error.lease.nonce}" if isinstance(error, LeaseHeld) else str(error)
        if kind != self._last_message:  # its time changes while the other works
            self._last_message = kind
            self.say(f"{error} It is retried automatically.")
        until = error.until if isinstance(error, RateLimited) else None
        self.wait(max(self._pause, (until - self.clock()).total_seconds()) if until else self._pause)
        self._pause = min(2 * self._pause, RETRY_BACKOFF[1])
