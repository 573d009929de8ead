"""Parent's side of a trainer's process group: messages from the child, sorted by job."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from weakref import finalize

from evaluator.errors import FAILURES, ChildFailed
from evaluator.runtime.child_process import ChildExited, ChildProcess
from submissions.errors import EvaluatorError

Message = dict[str, Any]
_LAST = ("saved", "unsaved")
"""Final messages of a job."""


class JobChannel:
    """Channel to one child with several jobs: one may train while the previous one is written.

    Any thread that waits for a message reads for all, so no reader thread can be left over.
    """

    def __init__(self, child: ChildProcess, silent_seconds: float) -> None:
        self._child = child
        self._silent = silent_seconds
        self._turn = threading.Condition()
        self._is_read = False
        self._jobs = 0
        self._heard: dict[int, deque[Message]] = {}
        self._ends: dict[int, Message | None] = {}
        self._broken: EvaluatorError | None = None
        self.has_failed_job = False
        """Whether a job failed; the next one wants another group."""
        self._close = finalize(self, child.close)

    @property
    def is_broken(self) -> bool:
        """True if the child has ended, as far as observed."""
        return self._broken is not None

    def submit(self, kind: str, content: Mapping[str, Any] | None = None) -> int:
        """Send the child a request; return its number."""
        with self._turn:
            self._jobs += 1
            number = self._jobs
            self._heard[number] = deque()
        with suppress(ChildExited):  # the waiting reader gets the failure: two readers would split a message
            self._child.send({kind: {**content, "job": number} if content is not None else number}, read=False)
        return number

    def next_message(self, job: int) -> Message:
        """Return the next message about a job. Raises the error that the child ended with."""
        with self._turn:
            self._read_until(lambda: self._heard[job])
            return self._heard[job].popleft()

    def expect_save(self, job: int) -> None:
        """Register a job's save as pending."""
        with self._turn:
            self._ends.setdefault(job, None)

    def wait_saved(self, job: int) -> None:
        """Wait until a job's model is written. Raises EvaluatorError, DiskFull among them."""
        with self._turn:
            self._read_until(lambda: self._ends.get(job))
            end = self._ends[job]
        assert end is not None
        if "unsaved" in end:
            self.has_failed_job = True
            kind = FAILURES.get(end["unsaved"], ChildFailed)
            raise kind(f"The trainer could not write a model: {end['said']}.", f"Its log is {self._child.log}.")

    def close(self, *, written: bool) -> None:
        """End the child; `written` first waits for pending saves."""
        for job in list(self._ends) if written else ():
            with suppress(EvaluatorError):
                self.wait_saved(job)
        self._close()

    def _read_until(self, there: Any) -> None:
        """Read, or wait while another thread reads. Called with the lock; received messages outlive an error."""
        while not there():
            if self._broken is not None:
                raise self._broken
            if self._is_read:
                self._turn.wait()
                continue
            self._is_read = True
            self._turn.release()
            try:
                message: Message | EvaluatorError = self._receive()
            finally:
                self._turn.acquire()
                self._is_read = False
                self._turn.notify_all()
            self._route(message)

    def _receive(self) -> Message | EvaluatorError:
        try:
            return self._child.receive(self._silent)
        except EvaluatorError as error:
            return error
        except OSError:
            return ChildFailed("The trainer was closed.", f"Its log is {self._child.log}.")

    def _route(self, message: Message | EvaluatorError) -> None:
        if isinstance(message, EvaluatorError):
            self._broken = message
        elif any(end in message for end in _LAST):
            self._ends[message["job"]] = message
        else:
            self._heard[message["job"]].append(message)
