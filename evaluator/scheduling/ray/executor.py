"""A crew of stations on Ray: as many as there is room for, on this machine or on the nodes of a cluster."""

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
    """Ray is started at the first unit, or when the setup is asked for and is not given. A context manager.

    Stations stay for the next units. Whoever calls must do so from a thread that lives as long as the crew.
    """

    def __init__(self, opening: WorkerBuilder, profile: Profile, models: Path, setup: Setup | None = None) -> None:
        self._profile = profile
        self._models = models
        """Where trained models lie on every node; folders of this machine's are removed without asking a station."""
        self._roster = WorkerPool(opening, profile, setup)
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
        self._roster.forgive()
        self._wanted.update(units)
        shift = Dispatcher(units, self._roster, self._profile, progress)
        try:
            yield from shift.work()
        finally:
            self._roster.dismiss([one for one in self._roster.hired if one.in_hand])
        if shift.trained:
            for station in self._roster.ready:
                station.sweep(self._wanted, _DAY)
        shift.tries.raise_first()

    def forget(self, keys: Collection[str]) -> None:
        discard_local_models(self._models, keys)
        for station in self._roster.ready:
            station.forget(keys)

    def setup(self) -> Setup:
        """What shapes the numbers: what was given, else that of the first station. Raises NoStation."""
        while self._roster.setup is None:
            self._start()
            self._roster.hire(1)
            for ref in ray.wait(list(self._roster.awaited()), timeout=1.0)[0]:
                self._roster.seen(ref)
        return self._roster.setup

    def close(self) -> None:
        """End all stations, and Ray."""
        try:
            if self._running:
                self._roster.close()
        finally:
            self._running = False
            self._connection.close()

    def _start(self) -> None:
        if not self._running:
            self._connection.enter_context(ray_session(self._profile.cpus))
            self._running = True
