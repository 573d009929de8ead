"""Pool of Ray workers: starts them on free nodes, quarantines mismatched setups, replaces failed ones."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.placement_group import PlacementGroup, placement_group_table, remove_placement_group

from evaluator.config.profile import Profile
from evaluator.errors import NoWorkerAvailable
from evaluator.scheduling.ray.worker_actor import WorkerBuilder, WorkerReady
from evaluator.scheduling.ray.worker_handle import Ref, WorkerHandle, reserve_placement, resource_request
from submissions.errors import ArenaError
from submissions.records.anchors import Setup

log = logging.getLogger(__name__)

_CLOSING = 30.0
"""Seconds for workers to end their children before both are killed."""
_GRACE = 10.0
"""Seconds to find another placement after a worker was quarantined."""
MAX_STARTUP_FAILURES = 3
"""Maximum number of consecutive workers lost before they are ready."""


@dataclass(frozen=True)
class QuarantinedWorker:
    """Quarantined worker. Its placement stays reserved, so that no new worker starts there."""

    group: PlacementGroup
    why: ArenaError


class WorkerPool:
    """Worker pool.

    Requests one placement at a time while it needs workers: Ray fills it when a node has room, or joins.
    """

    def __init__(self, opening: WorkerBuilder, profile: Profile, setup: Setup | None) -> None:
        self.setup = setup
        """Required setup of every worker; None takes that of the first."""
        self.workers: list[WorkerHandle] = []
        self._opening = opening
        self._profile = profile
        self._pending_placement: tuple[PlacementGroup, Ref] | None = None
        self._quarantined: list[QuarantinedWorker] = []
        self._startup_failures = 0
        self._empty_since: float | None = None

    @property
    def ready(self) -> list[WorkerHandle]:
        """Workers that may receive units."""
        return [one for one in self.workers if one.opening is None]

    def pending_refs(self) -> Iterator[Ref]:
        """References for `handle_ref`, to call once each is available."""
        if self._pending_placement is not None:
            yield self._pending_placement[1]
        yield from (one.opening for one in self.workers if one.opening is not None)

    def scale_to(self, wanted: int) -> None:
        """Start workers up to `wanted`. Raises NoWorkerAvailable if no node can ever fit one."""
        if len(self.workers) >= wanted:
            self._cancel_pending_placement()
        elif self._pending_placement is None:
            group = reserve_placement(self._profile)
            self._pending_placement = (group, group.ready())
        self._release_dead_placements()
        self._check_capacity()

    def handle_ref(self, ref: Ref) -> None:
        """Start a worker in a reserved placement, or process the start report of one."""
        if self._pending_placement is not None and ref == self._pending_placement[1]:
            group, self._pending_placement = self._pending_placement[0], None
            number = min(set(range(1, len(self.workers) + 2)) - {one.number for one in self.workers})
            self.workers.append(WorkerHandle.create(group, number, self._profile, self._opening))
            return
        worker = next(one for one in self.workers if one.opening == ref)
        try:
            said: WorkerReady | ArenaError = ray.get(ref)
        except RayTaskError:
            raise
        except RayError as error:
            self._record_startup_failure(worker, error)
            return
        self._startup_failures = 0
        if isinstance(said, ArenaError):
            self.quarantine(worker, said)
            return
        worker.mark_ready(said)
        self._check_setup(worker, said.setup)

    def remove_lost(self, worker: WorkerHandle) -> None:
        """Remove a lost worker and free its placement."""
        worker.kill()
        worker.release_placement()
        self.workers.remove(worker)

    def quarantine(self, worker: WorkerHandle, why: ArenaError) -> None:
        """Stop a worker, and reserve its placement so that none restarts there."""
        log.warning("Quarantined %s: %s", worker.name, why)
        self._shut_down([worker])
        self.workers.remove(worker)
        self._quarantined.append(QuarantinedWorker(worker.group, why))

    def clear_quarantine(self) -> None:
        """Release all quarantined placements, for causes that may have been fixed."""
        for one in self._quarantined:
            remove_placement_group(one.group)
        self._quarantined.clear()

    def stop(self, stations: Collection[WorkerHandle]) -> None:
        """End workers, first gently."""
        self._shut_down(stations)
        for one in stations:
            one.release_placement()
            self.workers.remove(one)

    def close(self) -> None:
        """End all workers."""
        self._cancel_pending_placement()
        self.stop(list(self.workers))
        self.clear_quarantine()

    def _check_setup(self, worker: WorkerHandle, found: Setup) -> None:
        if self.setup is None:
            self.setup = found
        if found != self.setup:
            wrong = "; ".join(describe_differences(self.setup, found))
            self.quarantine(
                worker, NoWorkerAvailable("A worker's setup differs from that of the stored results.", f"Its {wrong}.")
            )

    def _record_startup_failure(self, worker: WorkerHandle, error: RayError) -> None:
        log.warning("%s was lost before it was ready: %s", worker.name, error)
        self.remove_lost(worker)
        self._startup_failures += 1
        if self._startup_failures >= MAX_STARTUP_FAILURES:
            raise NoWorkerAvailable(
                f"{MAX_STARTUP_FAILURES} workers were lost before they were ready.", str(error)
            ) from error

    def _shut_down(self, stations: Collection[WorkerHandle]) -> None:
        closing = [one.close() for one in stations]
        if closing:
            ray.wait(closing, num_returns=len(closing), timeout=_CLOSING)
        for one in stations:
            one.kill()

    def _cancel_pending_placement(self) -> None:
        if self._pending_placement is not None:
            remove_placement_group(self._pending_placement[0])
            self._pending_placement = None

    def _release_dead_placements(self) -> None:
        """Release placements on dead nodes, which Ray would reschedule elsewhere."""
        for one in list(self._quarantined):
            if placement_group_table(one.group)["state"] != "CREATED":
                remove_placement_group(one.group)
                self._quarantined.remove(one)

    def _check_capacity(self) -> None:
        if self.workers:
            self._empty_since = None
            return
        now = time.monotonic()
        self._empty_since = self._empty_since or now
        waited = now - self._empty_since
        if self._quarantined and waited > _GRACE:
            raise self._quarantined[0].why
        if waited > self._profile.start_seconds and not self._has_fitting_node():
            wanted, there = (
                _format_resources(resource_request(self._profile)),
                sorted(_format_resources(one["Resources"]) for one in _list_alive_nodes()),
            )
            raise NoWorkerAvailable(
                f"No node has room for a worker of the profile {self._profile.name}, which needs {wanted} on one node.",
                f"The nodes have: {'; '.join(there) or 'no nodes'}.",
            )

    def _has_fitting_node(self) -> bool:
        """True if a worker fits on any node if nothing else runs there."""
        wanted = resource_request(self._profile)
        return any(
            all(one["Resources"].get(name, 0) >= count for name, count in wanted.items()) for one in _list_alive_nodes()
        )


def describe_differences(mine: Setup, theirs: Setup) -> Iterator[str]:
    """Describe the differences between two setups in words."""
    for name in Setup.model_fields:
        one, other = getattr(mine, name), getattr(theirs, name)
        if isinstance(one, dict):
            for part in sorted(one.keys() | other.keys()):
                if one.get(part) != other.get(part):
                    yield f"{name} have {part} {other.get(part)} and not {one.get(part)}"
        elif one != other:
            yield f"{name} is {other} and not {one}"


def _list_alive_nodes() -> list[dict[str, dict[str, float]]]:
    return [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]


def _format_resources(resources: dict[str, float]) -> str:
    return ", ".join(f"{resources.get(name, 0):g} {name}" for name in ("CPU", "GPU"))
