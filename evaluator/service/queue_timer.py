"""Queue upkeep while a submission is evaluated: the coordinator's timer.

A stage loop asks between two tasks whether its submission was withdrawn (`EvaluationJob.check_cancelled`). That is the
moment at which the timer may run, in the thread that evaluates: nothing else writes to the queue at that time, so it
needs no lock of its own. Progress events go another way (evaluator/service/status_sink.py) and never come here.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection
from functools import partial

from evaluator.errors import HUB_ERRORS
from evaluator.service.submission_queue import SubmissionQueue

log = logging.getLogger(__name__)

UPKEEP_SECONDS = 30.0
"""Longest time without upkeep while checkpoints come; a new head of the submissions makes it due at once."""


class QueueTimer:
    """Applies owner requests and updates positions when due."""

    def __init__(
        self, queue: SubmissionQueue, backed_off: Collection[str] = (), seconds: float = UPKEEP_SECONDS
    ) -> None:
        self._queue, self._backed_off, self._seconds = queue, backed_off, seconds
        self._head: str | None = None
        self._last = -math.inf

    def watch_submission(self, ulid: str) -> Callable[[], None]:
        """The checkpoint of one evaluation; its first call does the upkeep whatever the time."""
        self._head, self._last = None, -math.inf
        return partial(self._run_if_due, ulid)

    def _run_if_due(self, ulid: str) -> None:
        """Do the upkeep if it is due. Raises SubmissionWithdrawn if the running submission was withdrawn or deleted."""
        try:
            head = self._queue.arena.submissions.head()
            if head == self._head and time.monotonic() - self._last < self._seconds:
                return
            self._head, self._last = head, time.monotonic()
            self._queue.apply_requests()
            self._queue.check_not_withdrawn(ulid)
            self._queue.update_positions(self._backed_off, running=ulid)
        except HUB_ERRORS as error:
            log.warning("Postponed queue upkeep, the evaluation continues: %s", error)
