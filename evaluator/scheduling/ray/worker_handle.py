"""Driver-side handle of one Ray worker actor and its in-flight units."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import ray
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from evaluator.config.profile import Profile
from evaluator.scheduling.ray.worker_actor import WorkerActor, WorkerBuilder, WorkerReady
from evaluator.scheduling.retry import FailureStreak
from evaluator.scheduling.work_unit import WorkUnit
from evaluator.training import Progress

Ref: TypeAlias = "ray.ObjectRef[Any]"
MAX_IN_FLIGHT = 2
"""Maximum units per worker: one trains or is evaluated while the next is sent or stored."""
_CONTROL_GROUP = "aside"
"""Concurrency group of the methods that Ray answers while all unit slots are busy."""
_PROGRESS_POLL_SECONDS = 1.0
"""Interval between two progress polls of a worker, in seconds."""


def resource_request(profile: Profile) -> dict[str, float]:
    """Resources that a worker needs free on one node."""
    devices = {"GPU": float(profile.devices)} if profile.device == "cuda" else {}
    return {"CPU": float(profile.cpus), **devices}


def reserve_placement(profile: Profile) -> PlacementGroup:
    """Request a placement group on one node, which Ray reserves as soon as possible."""
    place: PlacementGroup = placement_group([resource_request(profile)], strategy="STRICT_PACK")
    return place


@dataclass(eq=False)
class WorkerHandle:
    """Handle of one worker."""

    number: int
    """Lowest number that no other worker has."""
    group: PlacementGroup
    actor: Any
    opening: Ref | None
    """Pending reference of the worker's start, until it is answered."""
    node: str = ""
    cached_keys: set[str] = field(default_factory=set)
    in_flight: dict[Ref, str] = field(default_factory=dict)
    streak: FailureStreak = field(default_factory=FailureStreak)
    _progress_ref: Ref | None = None
    _polled_at: float = 0.0

    @classmethod
    def create(cls, group: PlacementGroup, number: int, profile: Profile, opening: WorkerBuilder) -> WorkerHandle:
        """Start a worker in its placement group. The first one logs into the log folder, the others into subfolders."""
        free = resource_request(profile)
        actor = (
            ray.remote(concurrency_groups={_CONTROL_GROUP: 1})(WorkerActor)  # type: ignore[call-overload]  # Ray's types lack it
            .options(
                num_cpus=free["CPU"],
                num_gpus=free.get("GPU", 0),
                max_concurrency=MAX_IN_FLIGHT,
                max_restarts=0,
                scheduling_strategy=PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=0),
            )
            .remote(opening, "" if number == 1 else f"station-{number}")
        )
        return cls(number, group, actor, actor.start.remote())

    @property
    def running_keys(self) -> Collection[str]:
        return self.in_flight.values()

    @property
    def name(self) -> str:
        """Name for the log."""
        return f"Station {self.number}" + (f" on {self.node}" if self.node else "")

    def mark_ready(self, said: WorkerReady) -> None:
        """Mark the worker as ready."""
        self.opening, self.node, self.cached_keys = None, said.node, set(said.cached_keys)

    def submit(self, unit: WorkUnit) -> None:
        """Send the worker a unit."""
        self.in_flight[self.actor.run.remote(unit)] = unit.key

    def poll_progress(self, progress: Progress) -> None:
        """Report the worker's progress, about once a second, without waiting. Nothing depends on the reply."""
        if self._progress_ref is not None and ray.wait([self._progress_ref], timeout=0)[0]:
            answer, self._progress_ref = self._progress_ref, None
            try:
                for name, (step, of) in ray.get(answer).items():
                    progress(name, step, of)
            except ray.exceptions.RayError:
                return  # its units will fail
        if self._progress_ref is None and time.monotonic() - self._polled_at > _PROGRESS_POLL_SECONDS:
            self._progress_ref, self._polled_at = self._call_concurrently("progress"), time.monotonic()

    def discard_models(self, keys: Collection[str]) -> None:
        """Remove the models of units."""
        self.cached_keys.difference_update(keys)
        self._call_concurrently("discard_models", list(keys))

    def discard_stale_models(self, wanted: Collection[str], seconds: float) -> None:
        """Remove models older than `seconds` that are not among these."""
        self._call_concurrently("discard_stale_models", list(wanted), seconds)

    def close(self) -> Ref:
        """Ask the worker to end its children."""
        return self._call_concurrently("close")

    def kill(self) -> None:
        """Kill the worker. Its placement stays reserved."""
        ray.kill(self.actor)

    def release_placement(self) -> None:
        """Release the worker's placement."""
        remove_placement_group(self.group)

    def _call_concurrently(self, method: str, *given: object) -> Ref:
        asked: Ref = getattr(self.actor, method).options(concurrency_group=_CONTROL_GROUP).remote(*given)
        return asked
