"""A station behind an actor: what Ray runs on a node for a crew (evaluator/scheduling/ray/ray_executor.py)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import evaluator
from evaluator.scheduling.work_unit import UnitResult, WorkUnit
from evaluator.scheduling.worker import Worker
from submissions.errors import ArenaError, EvaluatorError
from submissions.records.anchors import Setup


class WorkerBuilder(Protocol):
    """How a station is made, on whatever node it comes to stand. It travels there by pickle."""

    def __call__(self, logs: str) -> tuple[Worker, Setup]:
        """A station that writes its logs into this folder of the log folder, and what shapes its numbers."""
        ...


@dataclass(frozen=True)
class WorkerReady:
    """What a station says of itself when it is ready."""

    setup: Setup
    cached_keys: frozenset[str]
    """Keys of units whose trained model lies on its node."""
    node: str
    """Its name, for the log."""


class WorkerActor:
    """Holds one station for many units: a warm trainer group, booted engines.

    An actor and not a task for each unit, for a task's process would start both anew. Errors of ours are handed back as
    values: Ray would wrap what is raised. The children of trainer and engine die with the thread that started them
    (evaluator/runtime/child_process.py); Ray runs an actor's methods in threads that live as long as the actor.
    """

    def __init__(self, opening: WorkerBuilder, logs: str) -> None:
        self._opening = opening
        self._logs = logs
        self._worker: Worker | None = None
        self._progress: dict[str, tuple[int, int]] = {}

    def start(self) -> WorkerReady | ArenaError:
        """Make the station. Not in the constructor, whose errors nobody can read."""
        _export_import_path()
        try:
            self._worker, setup = self._opening(self._logs)
        except ArenaError as error:
            return error
        return WorkerReady(setup, frozenset(self._worker.cached_models()), os.uname().nodename)

    def run(self, unit: WorkUnit) -> UnitResult | EvaluatorError:
        """Do a unit."""
        try:
            return self._running_worker.run(unit, self._record_progress)
        except EvaluatorError as error:
            return error
        finally:
            self._progress.pop(unit.name, None)

    def progress(self) -> dict[str, tuple[int, int]]:
        """Steps done, and of how many, by what is trained now."""
        return dict(self._progress)

    def discard_models(self, keys: Collection[str]) -> None:
        self._running_worker.discard_models(keys)

    def discard_stale_models(self, wanted: Collection[str], seconds: float) -> None:
        self._running_worker.discard_stale_models(wanted, seconds)

    def close(self) -> None:
        """End the children."""
        if self._worker is not None:
            self._worker.close()

    def _record_progress(self, name: str, step: int, of: int) -> None:
        self._progress[name] = (step, of)

    @property
    def _running_worker(self) -> Worker:
        assert self._worker is not None, "a post is opened first"
        return self._worker


def _export_import_path() -> None:
    """A node's Ray may have been started in another folder than the driver: children find this package all the same."""
    root = str(Path(evaluator.__path__[0]).parent)
    known = os.environ.get("PYTHONPATH", "")
    if root not in known.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (root, known)))


def discard_local_models(models: Path, keys: Collection[str]) -> None:
    """Remove models of these units from a folder of this machine, whether a station runs or not."""
    for key in keys:
        shutil.rmtree(models / key, ignore_errors=True)
