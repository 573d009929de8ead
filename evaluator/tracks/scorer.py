"""Input of a track's scorer: a submission, and the job of evaluating it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evaluator.errors import SubmissionWithdrawn
from evaluator.stages.context import EvaluationContext
from evaluator.stages.metadata.judge import Judge
from evaluator.tracks.events import Event, EventSink, NullSink
from submissions.arena.benchmark import Benchmark
from submissions.errors import EvaluatorError
from submissions.records.anchors import Anchors
from submissions.records.submission import Submission
from submissions.records.task import Metadata, Row, Task


@dataclass(frozen=True)
class SubmissionData:
    """Submission with access to its rows."""

    submission: Submission
    rows: Callable[[str], tuple[Row, ...]]
    """Reads the delivered rows of a task; only called for tasks in the submission."""
    descriptions: Mapping[str, Metadata]
    """The submitter's descriptions of the data sets, by task."""


@dataclass(frozen=True)
class EvaluationJob:
    """One evaluation: the benchmark's tasks that count, their anchors, the tools, and a sink for events."""

    benchmark: Benchmark
    tasks: tuple[Task, ...]
    anchors: Anchors
    context: EvaluationContext
    folder: Path
    """Folder for the records from which the Result can be recomputed (evaluator/stages/records.py)."""
    events: EventSink = field(default_factory=NullSink)
    cancellation: Callable[[], None] = lambda: None
    """Raises SubmissionWithdrawn if the evaluation is to end; never, where nobody can withdraw it."""
    judge: Judge | None = None
    """Judge of metadata; None leaves it out."""
    wants_preview: bool = False
    """True if a PreviewReady event is emitted before the trainings."""
    partial: str | None = None
    """Reason why only some of the benchmark's tasks are scored, or None if all are."""

    def check_cancelled(self) -> None:
        """End here if the submission was withdrawn; called between two tasks. Raises SubmissionWithdrawn."""
        self.cancellation()

    def emit(self, event: Event) -> None:
        """Report an event. Raises what the sink raises, but never SubmissionWithdrawn: a sink cannot withdraw."""
        try:
            self.events.emit(event)
        except SubmissionWithdrawn as error:
            raise EvaluatorError("An event sink raised a withdrawal.", str(error)) from error
