"""Runs the model screen over the tasks of a delivery and writes its report. It changes nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evaluator.stages.model_screen.pair_findings import TaskScreening
from evaluator.stages.model_screen.report_file import ReportFile
from evaluator.stages.model_screen.task_screen import DeliveredTask, ModelScreen
from evaluator.training.trainer import Progress
from submissions.errors import EvaluatorError


@dataclass(frozen=True)
class ScreenRun:
    """Tasks that were looked at, and the error that ended the run."""

    tasks: tuple[TaskScreening, ...]
    error: EvaluatorError | None = None


def screen_delivery(
    screen: ModelScreen, delivered: Iterable[DeliveredTask], report: ReportFile, progress: Progress, total: int
) -> ScreenRun:
    """Screen task by task and write the pairs and the summary of each into the report.

    An error of a server or a budget ends the run; what was found until then is written.
    """
    tasks = []
    for number, task in enumerate(delivered):
        progress(task.task.id, number, total)
        screened = screen.screen_task(task)
        for record in (*screened.pairs, screened.screening):
            report.write_line(record)
        tasks.append(screened.screening)
        if screened.error is not None:
            return ScreenRun(tuple(tasks), screened.error)
    return ScreenRun(tuple(tasks))
