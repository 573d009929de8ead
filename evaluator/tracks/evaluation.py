"""What a track's scorer is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evaluator.workbench import Workbench
from submissions.benchmark import Benchmark
from submissions.models import Anchors, Row, Stage, Submission, Task

StageReport = Callable[[Stage, int, int], None]
"""Called with the stage, tasks done in it, and tasks in all."""


@dataclass(frozen=True)
class Entry:
    """A submission and the way to its rows."""

    submission: Submission
    rows: Callable[[str], tuple[Row, ...]]
    """The delivered rows of a task; only called for tasks that the submission has."""


@dataclass(frozen=True)
class Evaluation:
    """One evaluation: the benchmark's tasks that count, their anchors, the tools, and who hears of progress."""

    benchmark: Benchmark
    tasks: tuple[Task, ...]
    anchors: Anchors
    bench: Workbench
    report: StageReport
    partial: str | None = None
    """Why only some of the benchmark's tasks are scored, or None if all are."""
