"""Units given out to stations until all are done: what is lost with a station is done by another."""

from __future__ import annotations

import time
from collections.abc import Iterator

import ray
from ray.exceptions import RayError, RayTaskError

from evaluator.config.profile import Profile
from evaluator.errors import WorkerLost
from evaluator.scheduling.ray.worker_handle import MAX_IN_FLIGHT, Ref, WorkerHandle
from evaluator.scheduling.ray.worker_pool import WorkerPool
from evaluator.scheduling.retry import RetryPolicy
from evaluator.scheduling.work_queue import WorkQueue
from evaluator.scheduling.work_unit import UnitResult, Units, WorkUnit
from evaluator.training import Progress
from submissions.errors import EvaluatorError

EXTRA_LOSS_ATTEMPTS = 1
"""How much oftener a unit may lose its station than it may fail: a node is lost through no fault of the unit's."""


class Dispatcher:
    """One call of a crew."""

    def __init__(self, units: Units, roster: WorkerPool, profile: Profile, progress: Progress) -> None:
        self.tries = RetryPolicy(profile.tries)
        self.trained = False
        """Whether a unit with a training was among them."""
        self._units = units
        self._roster = roster
        self._profile = profile
        self._progress = progress
        self._waiting = WorkQueue.of(units)
        self._names: dict[str, str] = {}
        self._begun = False
        self._first_ready: float | None = None

    def work(self) -> Iterator[UnitResult]:
        """What is done, as it comes; what is given up is in `tries`. Raises EvaluatorError if nobody is left."""
        while left := len(self._waiting) + sum(len(one.in_hand) for one in self._roster.hired):
            self._roster.hire(left)
            self._give_out()
            for station in self._roster.ready:
                station.glance(self._progress)
            awaited = [*self._roster.awaited(), *(ref for one in self._roster.hired for ref in one.in_hand)]
            for ref in ray.wait(awaited, timeout=1.0)[0]:
                owner = next((one for one in self._roster.hired if ref in one.in_hand), None)
                if owner is None:
                    self._roster.seen(ref)
                elif done := self._finished(owner, ref):
                    yield done

    def _give_out(self) -> None:
        """Fill empty hands first. A second unit is given while there are enough for all: the last ones go to whoever
        is free first."""
        if not self._all_told():
            return
        for hand in range(MAX_IN_FLIGHT):
            for station in self._roster.ready:
                many = self._profile.together or len(self._waiting) > len(self._roster.hired)
                if len(station.in_hand) != hand or (hand and not many):
                    continue
                key = self._waiting.take(station, self._roster.ready)
                if key is not None:
                    station.hand(self._unit(key))

    def _all_told(self) -> bool:
        """Whether work may begin: all who come first have said what lies trained on their nodes, or took too long."""
        if not self._begun:
            now = time.monotonic()
            self._first_ready = self._first_ready or (now if self._roster.ready else None)
            late = self._first_ready is not None and now - self._first_ready > self._profile.start_seconds
            self._begun = bool(self._roster.ready) and (late or len(self._roster.ready) == len(self._roster.hired))
        return self._begun

    def _unit(self, key: str) -> WorkUnit:
        unit = self._units[key]()
        self._names[key] = unit.name
        self.trained = self.trained or unit.training is not None
        return unit

    def _finished(self, station: WorkerHandle, ref: Ref) -> UnitResult | None:
        try:
            said: UnitResult | EvaluatorError = ray.get(ref)
        except RayTaskError:
            raise  # a mistake of ours
        except RayError as error:
            self._lost(station, error)
            return None
        key = station.in_hand.pop(ref)
        if isinstance(said, EvaluatorError):
            self._failed(station, key, said)
            return None
        station.streak.done()
        return said

    def _failed(self, station: WorkerHandle, key: str, error: EvaluatorError) -> None:
        if self.tries.again(self._names[key], key, error):
            self._waiting.failed(key, station)
        if station.streak.failed(key):
            self._waiting.back(station.in_hand.values())
            station.in_hand.clear()
            self._roster.send_away(station, error)

    def _lost(self, station: WorkerHandle, error: RayError) -> None:
        """All that was in its hands is to be done again, unless it was lost that way too often."""
        keys = list(station.in_hand.values())
        station.in_hand.clear()
        self._roster.lose(station)
        for key in reversed(keys):
            times = self._waiting.lost(key)
            name = f"{station.name} was lost with {self._names[key]} at work, {times} time(s) now."
            lost = WorkerLost(f"{self._names[key]} lost its station {times} time(s).", f"{name} {error}")
            if times > self._profile.tries + EXTRA_LOSS_ATTEMPTS:
                self.tries.give_up(lost)
            else:
                self._waiting.back([key])
