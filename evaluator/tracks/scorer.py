"""What a track's scorer is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluator.stages.context import EvaluationContext
from evaluator.stages.metadata.judge import Judge
from submissions.arena.benchmark import Benchmark
from submissions.records.anchors import Anchors
from submissions.records.result import Result
from submissions.records.status import Stage
from submissions.records.submission import Submission
from submissions.records.task import Metadata, Row, Task

ProgressCallback = Callable[[Stage, int, int], None]
"""Called with the stage, tasks done in it, and tasks in all."""


@dataclass(frozen=True)
class SubmissionData:
    """A submission and the way to its rows."""

    submission: Submission
    rows: Callable[[str], tuple[Row, ...]]
    """The delivered rows of a task; only called for tasks that the submission has."""
    descriptions: Mapping[str, Metadata]
    """What the submitter says of the data sets, by task."""


@dataclass(frozen=True)
class EvaluationJob:
    """One evaluation: the benchmark's tasks that count, their anchors, the tools, and who hears of progress."""

    benchmark: Benchmark
    tasks: tuple[Task, ...]
    anchors: Anchors
    context: EvaluationContext
    report: ProgressCallback
    folder: Path
    """Gets what the Result can be computed from again (evaluator/stages/records.py)."""
    judge: Judge | None = None
    """Compares metadata; None leaves it out."""
    preview: Callable[[Result], None] | None = None
    """Is given what the stages before the trainings found, as soon as they are done; None if nobody wants it."""
    partial: str | None = None
    """Why only some of the benchmark's tasks are scored, or None if all are."""
