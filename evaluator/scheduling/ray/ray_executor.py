"""Ray workers: as many as there is room for, on this machine or on the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Collection, Generator
from contextlib import ExitStack
from pathlib import Path

import ray

from evaluator.config.profile import Profile
from evaluator.scheduling.ray.cluster import ray_session
from evaluator.scheduling.ray.dispatcher import Dispatcher
from evaluator.scheduling.ray.worker_actor import WorkerBuilder, discard_local_models
from evaluator.scheduling.ray.worker_pool import WorkerPool
from evaluator.scheduling.work_unit import UnitResult, Units
from evaluator.training import Progress
from submissions.records.anchors import Setup

_DAY = 86_400.0


class RayExecutor:
    """Starts Ray at the first unit, or on request of a setup that was not given. A context manager.

    Workers stay for the next units. Call it from a thread that lives as long as the executor.
    """

    def __init__(self, opening: WorkerBuilder, profile: Profile, models: Path, setup: Setup | None = None) -> None:
        self._profile = profile
        self._models = models
        """Where trained models lie on every node; folders of this machine's are removed without asking a worker."""
        self._pool = WorkerPool(opening, profile, setup)
        self._connection = ExitStack()
        self._running = False
        self._wanted: set[str] = set()

    def __enter__(self) -> RayExecutor:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run(self, units: Units, progress: Progress) -> Generator[UnitResult, None, None]:
        if not units:
            return
        self._start()
        self._pool.clear_quarantine()
        self._wanted.update(units)
        shift = Dispatcher(units, self._pool, self._profile, progress)
        try:
            yield from shift.run()
        finally:
            self._pool.stop([one for one in self._pool.workers if one.in_flight])
        if shift.has_trained:
            for worker in self._pool.ready:
                worker.discard_stale_models(self._wanted, _DAY)
        shift.tries.raise_first_failure()

    def discard_models(self, keys: Collection[str]) -> None:
        discard_local_models(self._models, keys)
        for worker in self._pool.ready:
            worker.discard_models(keys)

    def resolve_setup(self) -> Setup:
        """Return the given setup, else that of the first worker. Raises NoWorkerAvailable."""
        while self._pool.setup is None:
            self._start()
            self._pool.scale_to(1)
            for ref in ray.wait(list(self._pool.pending_refs()), timeout=1.0)[0]:
                self._pool.handle_ref(ref)
        return self._pool.setup

    def close(self) -> None:
        """End all workers, and Ray."""
        try:
            if self._running:
                self._pool.close()
        finally:
            self._running = False
            self._connection.close()

    def _start(self) -> None:
        if not self._running:
            self._connection.enter_context(ray_session(self._profile.cpus))
            self._running = True
