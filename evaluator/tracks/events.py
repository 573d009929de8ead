"""Events of one evaluation, and the sinks that receive them.

An event reports; it asks nothing and returns nothing. A sink cannot cancel an evaluation or change the queue: an
evaluation is cancelled through `EvaluationJob.check_cancelled`, and the queue belongs to the coordinator's timer
(evaluator/service/queue_timer.py).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Protocol

from submissions.records.result import Result
from submissions.records.status import Stage


@dataclass(frozen=True)
class StageProgress:
    """A stage has finished some of its tasks."""

    stage: Stage
    done: int
    """Tasks that are finished."""
    of: int
    """Tasks of the stage."""


@dataclass(frozen=True)
class PreviewReady:
    """The stages before the trainings are finished."""

    preview: Result


Event = StageProgress | PreviewReady


class EventSink(Protocol):
    """Receives the events of one evaluation, in order, in the thread that evaluates."""

    def emit(self, event: Event) -> None:
        """Receive an event."""


class NullSink:
    """Drops all events."""

    def emit(self, event: Event) -> None:
        """Do nothing."""


class ThrottledSink:
    """Passes on the start and end of each stage, and progress between them once in so many seconds.

    Every progress event is a commit, and some stages do a thousand tasks in that time.
    """

    def __init__(self, sink: EventSink, seconds: float = 1.0) -> None:
        self._sink, self._seconds, self._last = sink, seconds, -math.inf

    def emit(self, event: Event) -> None:
        """Pass on an event, or drop it."""
        if isinstance(event, StageProgress):
            now = time.monotonic()
            if 1 < event.done != event.of and now - self._last < self._seconds:
                return
            self._last = now
        self._sink.emit(event)
