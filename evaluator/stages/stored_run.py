"""Stored records of an evaluation of any track, to recompute every score without a GPU. Private: hidden rows.

RESULT_DIR/result.json        the published Result
RESULT_DIR/run.json           the submission, the protocol and the setup
RESULT_DIR/tasks/<task>.json  all that a task's scores are computed from; each track has a record of its own
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Generic, Self, TypeVar

from pydantic import ValidationError

from evaluator.config.protocol import Protocol
from evaluator.models.environment import PIPELINE, scoring_packages
from evaluator.runtime.stage_cache import remove_partial_files
from submissions.errors import CorruptRecord, NotFound
from submissions.records.anchors import Setup
from submissions.records.base import Name, Record, TaskId, Ulid
from submissions.records.submission import SystemType
from submissions.records.task import Task
from submissions.storage.atomic import atomic_write
from submissions.storage.codec import to_json

R = TypeVar("R", bound=Record)
P = TypeVar("P", bound=Protocol)


class StoredTask(Record):
    """Complete inputs of a task's scores; each track adds its own."""

    task: Task


T = TypeVar("T", bound=StoredTask)


class StoredRun(Record, Generic[P]):
    """Submission, protocol and setup of an evaluation."""

    submission: Ulid
    track: str
    system: Name
    system_type: SystemType
    team: Name
    protocol: P
    setup: Setup
    partial: str | None
    """Reason why only some of the benchmark's tasks were scored, or None if all were."""
    tasks: tuple[TaskId, ...]
    """Task ids in the benchmark's order."""

    def with_scoring_setup(self) -> Self:
        """Copy the record with the setup of its answers, and the packages that score them now."""
        packages = self.setup.packages | scoring_packages()
        return self.model_copy(
            update={"setup": self.setup.model_copy(update={"pipeline": PIPELINE, "packages": packages})}
        )


def save_records(folder: Path, run: StoredRun[P], records: Iterable[StoredTask]) -> None:
    """Write the records of an evaluation, run.json last to complete it. Deletes an earlier one and its Result first."""
    remove_partial_files(folder / "tasks")
    for torn in filter(Path.is_file, folder.glob(".part-*")):
        torn.unlink()
    for name in ("run.json", "result.json"):
        (folder / name).unlink(missing_ok=True)
    for record in records:
        atomic_write(folder / "tasks" / f"{record.task.id}.json", to_json(record))
    atomic_write(folder / "run.json", to_json(run))


def load_stored(
    folder: Path, run_type: type[StoredRun[P]], kind: type[T], protocol: P | None = None
) -> tuple[StoredRun[P], list[T]]:
    """Load an evaluation's records for a rescore, under another protocol if one is given.

    Raises NotFound if the folder has none, CorruptRecord for a damaged file.
    """
    run = read_run(folder, run_type).with_scoring_setup()
    tasks = read_tasks(folder, run.tasks, kind)
    return run if protocol is None else run.model_copy(update={"protocol": protocol}), tasks


def read_run(folder: Path, kind: type[R]) -> R:
    """Read an evaluation's run.json. Raises NotFound if the folder has none, CorruptRecord for a damaged file."""
    if not (folder / "run.json").is_file():
        raise NotFound(
            f"{folder} has no run.json: name the --out folder of `score`, "
            "or results/<submission>/<protocol> in the arena's work folder."
        )
    return _read_json(folder / "run.json", kind)


def read_tasks(folder: Path, tasks: Iterable[str], kind: type[T]) -> list[T]:
    """Read the records of an evaluation's tasks. Raises CorruptRecord for a damaged file."""
    return [_read_json(folder / "tasks" / f"{task}.json", kind) for task in tasks]


def _read_json(file: Path, kind: type[R]) -> R:
    try:
        return kind.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        fault = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "it is missing"
        raise CorruptRecord(f"{file} cannot be read back: {fault}. Evaluate the submission again.") from error
