"""Ray actor that runs one worker on a node (evaluator/scheduling/ray/executor.py)."""

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
from submissions.storage.private_files import set_private_umask


class WorkerBuilder(Protocol):
    """Builds a worker on whatever node it is scheduled. Sent there by pickle."""

    def __call__(self, logs: str) -> tuple[Worker, Setup]:
        """Build a worker with its logs in this subfolder of the log folder, and return it with its setup."""
        ...


@dataclass(frozen=True)
class WorkerReady:
    """Report of a worker that is ready."""

    setup: Setup
    cached_keys: frozenset[str]
    """Keys of units whose trained model lies on this node."""
    node: str
    """Name of the node, for the log."""


class WorkerActor:
    """Ray actor with one worker for many units: a warm trainer group, booted engines.

    An actor instead of a task per unit, as a task's process would start both anew. Our errors are returned as
    values: Ray would wrap raised ones. The children of trainer and engine die with the thread that started them
    (evaluator/runtime/child_process.py); Ray runs an actor's methods in threads that live as long as the actor.
    """

    def __init__(self, opening: WorkerBuilder, logs: str) -> None:
        self._opening = opening
        self._logs = logs
        self._worker: Worker | None = None
        self._progress: dict[str, tuple[int, int]] = {}

    def start(self) -> WorkerReady | ArenaError:
        """Build the worker. Separate from the constructor, whose errors nobody can read."""
        _export_import_path()
        set_private_umask()
        try:
            self._worker, setup = self._opening(self._logs)
        except ArenaError as error:
            return error
        return WorkerReady(setup, frozenset(self._worker.cached_models()), os.uname().nodename)

    def run(self, unit: WorkUnit) -> UnitResult | EvaluatorError:
        """Run a unit."""
        try:
            return self._running_worker.run(unit, self._record_progress)
        except EvaluatorError as error:
            return error
        finally:
            self._progress.pop(unit.name, None)

    def progress(self) -> dict[str, tuple[int, int]]:
        """Steps done and steps in all, by training in progress."""
        return dict(self._progress)

    def discard_models(self, keys: Collection[str]) -> None:
        self._running_worker.discard_models(keys)

    def discard_stale_models(self, wanted: Collection[str], seconds: float) -> None:
        self._running_worker.discard_stale_models(wanted, seconds)

    def close(self) -> None:
        """End the child processes."""
        if self._worker is not None:
            self._worker.close()

    def _record_progress(self, name: str, step: int, of: int) -> None:
        self._progress[name] = (step, of)

    @property
    def _running_worker(self) -> Worker:
        assert self._worker is not None, "a worker is opened first"
        return self._worker


def _export_import_path() -> None:
    """Export the import path for children, as a node's Ray may run in another folder than the driver."""
    root = str(Path(evaluator.__path__[0]).parent)
    known = os.environ.get("PYTHONPATH", "")
    if root not in known.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (root, known)))


def discard_local_models(models: Path, keys: Collection[str]) -> None:
    """Remove the models of these units from a folder of this machine, whether a worker runs or not."""
    for key in keys:
        shutil.rmtree(models / key, ignore_errors=True)
