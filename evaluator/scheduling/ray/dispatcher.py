"""Dispatches units to workers until all are done; another worker redoes those of a lost one."""

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
"""Allowed losses of a unit beyond its allowed failures, as a lost node is not the unit's fault."""


class Dispatcher:
    """One run of a Ray executor."""

    def __init__(self, units: Units, roster: WorkerPool, profile: Profile, progress: Progress) -> None:
        self.tries = RetryPolicy(profile.tries)
        self.has_trained = False
        """Whether a unit with a training was among them."""
        self._units = units
        self._pool = roster
        self._profile = profile
        self._progress = progress
        self._queue = WorkQueue.from_keys(units)
        self._names: dict[str, str] = {}
        self._begun = False
        self._first_ready: float | None = None

    def run(self) -> Iterator[UnitResult]:
        """Yield results as they finish; units given up are in `tries`. Raises EvaluatorError if no worker is left."""
        while left := len(self._queue) + sum(len(one.in_flight) for one in self._pool.workers):
            self._pool.scale_to(left)
            self._dispatch()
            for worker in self._pool.ready:
                worker.poll_progress(self._progress)
            awaited = [*self._pool.pending_refs(), *(ref for one in self._pool.workers for ref in one.in_flight)]
            for ref in ray.wait(awaited, timeout=1.0)[0]:
                owner = next((one for one in self._pool.workers if ref in one.in_flight), None)
                if owner is None:
                    self._pool.handle_ref(ref)
                elif done := self._handle_result(owner, ref):
                    yield done

    def _dispatch(self) -> None:
        """Assign units to idle workers first.

        A second unit is sent while enough remain for all: the last ones go to the first idle worker.
        """
        if not self._can_begin():
            return
        for hand in range(MAX_IN_FLIGHT):
            for worker in self._pool.ready:
                many = self._profile.together or len(self._queue) > len(self._pool.workers)
                if len(worker.in_flight) != hand or (hand and not many):
                    continue
                key = self._queue.pop_for(worker, self._pool.ready)
                if key is not None:
                    worker.submit(self._build_unit(key))

    def _can_begin(self) -> bool:
        """True if dispatch may start: all first workers reported the trained models on their nodes, or timed out."""
        if not self._begun:
            now = time.monotonic()
            self._first_ready = self._first_ready or (now if self._pool.ready else None)
            late = self._first_ready is not None and now - self._first_ready > self._profile.start_seconds
            self._begun = bool(self._pool.ready) and (late or len(self._pool.ready) == len(self._pool.workers))
        return self._begun

    def _build_unit(self, key: str) -> WorkUnit:
        unit = self._units[key]()
        self._names[key] = unit.name
        self.has_trained = self.has_trained or unit.training is not None
        return unit

    def _handle_result(self, worker: WorkerHandle, ref: Ref) -> UnitResult | None:
        try:
            said: UnitResult | EvaluatorError = ray.get(ref)
        except RayTaskError:
            raise  # a bug on our side
        except RayError as error:
            self._handle_worker_loss(worker, error)
            return None
        key = worker.in_flight.pop(ref)
        if isinstance(said, EvaluatorError):
            self._handle_failure(worker, key, said)
            return None
        worker.streak.reset()
        return said

    def _handle_failure(self, worker: WorkerHandle, key: str, error: EvaluatorError) -> None:
        if self.tries.should_retry(self._names[key], key, error):
            self._queue.requeue_failed(key, worker)
        if worker.streak.record_failure(key):
            self._queue.requeue_front(worker.in_flight.values())
            worker.in_flight.clear()
            self._pool.quarantine(worker, error)

    def _handle_worker_loss(self, worker: WorkerHandle, error: RayError) -> None:
        """Requeue the units of a lost worker, except those lost too often."""
        keys = list(worker.in_flight.values())
        worker.in_flight.clear()
        self._pool.remove_lost(worker)
        for key in reversed(keys):
            times = self._queue.record_loss(key)
            name = f"{worker.name} was lost while running {self._names[key]}, {times} time(s) now."
            lost = WorkerLost(f"{self._names[key]} lost its worker {times} time(s).", f"{name} {error}")
            if times > self._profile.tries + EXTRA_LOSS_ATTEMPTS:
                self.tries.record_final_failure(lost)
            else:
                self._queue.requeue_front([key])
