"""Queue of checks before the pool of check processes: accounts and strangers take turns."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from submissions.check_process.delivery_check import DeliveryCheck
from submissions.check_process.pool import MAX_RUNNING, CheckPool, CheckPoolFull, QueuedCheck
from submissions.check_process.process import CheckCancelled

T = TypeVar("T")
MAX_WAITING = 40
"""Checks of strangers, and again of accounts, that wait."""


class CheckQueueFull(Exception):
    """Too many checks of strangers, or of accounts, are waiting for another one."""


@dataclass(eq=False)
class WaitingCheck(Generic[T]):
    """A check in the queue or in the pool."""

    job: Callable[[DeliveryCheck], T]
    future: Future[T]
    """Result of the job."""
    running: QueuedCheck[T] | None = None
    is_abandoned: bool = False

    def cancel(self) -> bool:
        """Remove the check from the queue; False if it has begun."""
        return self.future.cancel()

    def abandon(self) -> None:
        """Remove the check from the queue, or end it; its job then raises CheckCancelled."""
        self.is_abandoned = True
        if not self.cancel() and self.running:
            self.running.cancel()

    def follow(self, running: QueuedCheck[T]) -> None:
        """Set what runs in the pool."""
        self.running = running
        if self.is_abandoned:
            running.cancel()


class CheckQueue:
    """Hands checks to the pool in turns, so that strangers' checks never stand before all those of accounts."""

    def __init__(self, pool: CheckPool, max_running: int = MAX_RUNNING, max_waiting: int = MAX_WAITING) -> None:
        self._pool = pool
        self._max_running = max_running
        self._max_waiting = max_waiting
        self._lock = threading.Lock()
        self._waiting: dict[bool, deque[WaitingCheck[Any]]] = {True: deque(), False: deque()}
        """Of accounts, and of strangers."""
        self._running = 0
        self._next_is_account = True

    def submit(self, job: Callable[[DeliveryCheck], T], *, is_account: bool) -> WaitingCheck[T]:
        """Queue a job. Raises CheckQueueFull."""
        check = WaitingCheck(job, Future())
        with self._lock:
            waiting = self._waiting[is_account]
            # Cancelled ones are left where they are until their turn.
            if sum(not other.future.cancelled() for other in waiting) >= self._max_waiting:
                raise CheckQueueFull
            waiting.append(check)
        self._start_next()
        return check

    def _start_next(self) -> None:
        while True:
            with self._lock:
                check = self._take() if self._running < self._max_running else None
                if check is None:
                    return
                self._running += 1
            try:
                running = self._pool.submit(check.job)
            except (CheckPoolFull, RuntimeError, OSError) as error:  # the pool is closed, or has no process
                self._end_run()
                check.future.set_exception(error)
                continue
            check.follow(running)
            running.future.add_done_callback(partial(self._finish, check))

    def _take(self) -> WaitingCheck[Any] | None:
        for is_account in (self._next_is_account, not self._next_is_account):
            waiting = self._waiting[is_account]
            while waiting:
                if (check := waiting.popleft()).future.set_running_or_notify_cancel():
                    self._next_is_account = not is_account
                    return check
        return None

    def _finish(self, check: WaitingCheck[Any], done: Future[Any]) -> None:
        self._end_run()
        if done.cancelled():
            check.future.set_exception(CheckCancelled())
        elif error := done.exception():
            check.future.set_exception(error)
        else:
            check.future.set_result(done.result())
        self._start_next()

    def _end_run(self) -> None:
        with self._lock:
            self._running -= 1
