"""Pool of check processes for a server: bounded in number and in waiting checks, started before they are needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from submissions.check_process.delivery_check import DeliveryCheck
from submissions.check_process.process import CheckProcess
from submissions.checking.limits import LOWEST_PRIORITY

T = TypeVar("T")
MAX_RUNNING = 2
"""Checks at a time; more would only slow each other down."""
MAX_WAITING = 40
"""Checks that wait for one of these."""


class CheckPoolFull(Exception):
    """Too many checks are waiting for another one."""


@dataclass(frozen=True)
class QueuedCheck(Generic[T]):
    """A check that waits or runs."""

    future: Future[T]
    """Result of the job; CheckCancelled after `cancel`."""
    check: DeliveryCheck

    def cancel(self) -> bool:
        """End the check, waiting or running; True if its job had not begun, and so is never called."""
        self.check.cancel()
        return self.future.cancel()


class CheckPool:
    """Runs jobs in threads, each with a process of its own that is used for this job only."""

    def __init__(self, max_running: int = MAX_RUNNING, max_waiting: int = MAX_WAITING) -> None:
        self._max_jobs = max_running + max_waiting
        self._max_spare = max_running
        self._threads = ThreadPoolExecutor(max_workers=max_running, thread_name_prefix="check")
        self._lock = threading.Lock()
        self._spare: list[CheckProcess] = []
        self._jobs = 0
        self._is_closed = False

    def submit(self, job: Callable[[DeliveryCheck], T]) -> QueuedCheck[T]:
        """Queue a job, which reads one delivery with the check that it receives. Raises CheckPoolFull."""
        with self._lock:
            if self._jobs >= self._max_jobs:
                raise CheckPoolFull
            self._jobs += 1
        check = DeliveryCheck(self._take_process)
        try:
            future = self._threads.submit(self._run_job, job, check)
        except BaseException:
            self._end_job()
            raise
        future.add_done_callback(lambda _: self._end_job())
        return QueuedCheck(future, check)

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._is_closed = True
            spare, self._spare = self._spare, []
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in spare:
            process.close()

    def _run_job(self, job: Callable[[DeliveryCheck], T], check: DeliveryCheck) -> T:
        with check:
            try:
                return job(check)
            finally:
                self._add_spare()

    def _take_process(self) -> CheckProcess:
        while True:
            with self._lock:
                process = self._spare.pop() if self._spare else None
            if process is None:
                return CheckProcess(niceness=LOWEST_PRIORITY)
            if process.is_alive:
                return process
            process.close()

    def _add_spare(self) -> None:
        """Start a process for a later check, while nobody waits for it."""
        with self._lock:
            if self._is_closed or len(self._spare) >= self._max_spare:
                return
            self._spare.append(CheckProcess(is_preloaded=True, niceness=LOWEST_PRIORITY))

    def _end_job(self) -> None:
        with self._lock:
            self._jobs -= 1
