"""Input of a track's scorer: a submission, and the job of evaluating it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from evaluator.errors import SubmissionWithdrawn
from evaluator.stages.track_context import TrackContext
from evaluator.tracks.events import Event, EventSink, NullSink, StageProgress
from submissions.arena.benchmark import Benchmark
from submissions.errors import CorruptRecord, EvaluatorError, NotFound
from submissions.records.submission import DataFile, Submission
from submissions.records.task import Metadata, Row, Task
from submissions.storage.codec import parse_lines

C = TypeVar("C", bound=TrackContext)


@dataclass(frozen=True)
class SubmissionData:
    """Submission with access to its files."""

    submission: Submission
    read_artifact: Callable[[DataFile], bytes]
    """Reads a delivered file."""
    descriptions: Mapping[str, Metadata]
    """The submitter's descriptions of the data sets, by task."""

    def read_rows(self, task: str) -> tuple[Row, ...]:
        """Read the delivered rows of a task. Raises NotFound if there are none, CorruptRecord."""
        for file in self.submission.files:
            if file.task == task:
                return tuple(parse_lines(file.path, self.read_artifact(file), Row))
        raise NotFound(f"Submission {self.submission.id} has no data for {task}.")

    def read_verified(self, file: DataFile) -> bytes:
        """Read a delivered file. Raises CorruptRecord if it differs from the one that was checked."""
        content = self.read_artifact(file)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise CorruptRecord(
                f"{file.path} of submission {self.submission.id} does not match its recorded hash. "
                "Restore it from the repository's history."
            )
        return content


@dataclass(frozen=True)
class EvaluationJob(Generic[C]):
    """One evaluation: the benchmark's tasks that count, the context, and a sink for events."""

    benchmark: Benchmark
    tasks: tuple[Task, ...]
    context: C
    folder: Path
    """Folder for the records from which the Result can be recomputed (evaluator/stages/stored_run.py)."""
    events: EventSink = field(default_factory=NullSink)
    cancellation: Callable[[], None] = lambda: None
    """Raises SubmissionWithdrawn if the evaluation is to end; never, where nobody can withdraw it."""
    wants_preview: bool = False
    """True if a PreviewReady event is emitted before the costly stages."""
    partial: str | None = None
    """Reason why only some of the benchmark's tasks are scored, or None if all are."""

    def describe_run(self, submission: Submission) -> dict[str, Any]:
        """Fields of the stored run of a submission (evaluator/stages/stored_run.py)."""
        return {
            "submission": submission.id,
            "track": submission.track,
            "system": submission.system,
            "system_type": submission.system_type,
            "team": submission.team,
            "protocol": self.context.protocol,
            "setup": self.context.setup,
            "partial": self.partial,
            "tasks": tuple(task.id for task in self.tasks),
        }

    def read_tasks(self, entry: SubmissionData, stage: str) -> Iterator[tuple[Task, bytes]]:
        """Yield each task with its delivered file, empty if missing, and report the stage's progress.

        Raises CorruptRecord for a file that differs from the one that was checked, SubmissionWithdrawn.
        """
        files = {file.task: file for file in entry.submission.files}
        for done, task in enumerate(self.tasks, 1):
            yield task, entry.read_verified(files[task.id]) if task.id in files else b""
            self.end_step(stage, done, len(self.tasks))

    def end_step(self, stage: str, done: int, of: int) -> None:
        """Report a stage's finished tasks, unless the submission was withdrawn. Raises SubmissionWithdrawn."""
        self.check_cancelled()
        self.emit(StageProgress(stage, done, of))

    def check_cancelled(self) -> None:
        """End here if the submission was withdrawn; called between two tasks. Raises SubmissionWithdrawn."""
        self.cancellation()

    def emit(self, event: Event) -> None:
        """Report an event. Raises what the sink raises, but never SubmissionWithdrawn: a sink cannot withdraw."""
        try:
            self.events.emit(event)
        except SubmissionWithdrawn as error:
            raise EvaluatorError("An event sink raised a withdrawal.", str(error)) from error
