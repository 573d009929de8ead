"""`screen-model`: shows an organiser which rows models find to be test rows in other words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaluator.cli.command_options import AsJson, default_work_dir, select_tasks

if TYPE_CHECKING:
    from evaluator.config.model_screen_settings import ModelScreenSettings
    from evaluator.stages.model_screen.pair_findings import ReportSummary
    from evaluator.stages.model_screen.task_screen import DeliveredTask
    from submissions.arena.benchmark import Benchmark
    from submissions.cli.runtime import Progress
    from submissions.errors import EvaluatorError
    from submissions.records.task import Row, Task
    from submissions.storage.local_repo import LocalRepo

_PAGE = "docs/organiser-screen.md"


def screen_with_models(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A submission's id with --arena, else a folder or zip of data sets.")
    ],
    models: Annotated[Path, typer.Option(metavar="FILE", help="Models, connections and budgets (TOML).")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Private report as JSON lines: it quotes hidden rows.")],
    arena: Annotated[
        str, typer.Option(metavar="DIR", help="Arena of the submission: a folder or hf://ORG/PREFIX.")
    ] = "",
    benchmark: Annotated[str, typer.Option(metavar="DIR", help="Benchmark; default: beside the arena.")] = "",
    tasks: Annotated[str, typer.Option(metavar="A,B", help="Only these tasks.")] = "",
    track: Annotated[str, typer.Option(help="Track of the data, if the benchmark has tasks of several.")] = "",
    work: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the models' answers.")] = None,
    as_json: AsJson = False,
) -> None:
    """List rows that models find to be hidden test rows rephrased or translated. Changes no score and no entry."""
    from evaluator.cli.reports.screen_report import print_screening
    from evaluator.config.model_screen_settings import ModelScreenSettings
    from evaluator.config.settings_file import load_settings
    from submissions.arena.benchmark import open_benchmark
    from submissions.cli.runtime import print_json, show_progress
    from submissions.storage.locations import sibling_location

    if not arena and not benchmark:
        raise typer.BadParameter("name the benchmark with --benchmark, or the arena with --arena")
    settings = load_settings(models, ModelScreenSettings, _PAGE)
    hidden = open_benchmark(benchmark or sibling_location(arena, "benchmark"))
    _check_place(out, arena or str(Path(benchmark).resolve().parent))
    home = work or (default_work_dir(arena) if arena else out.parent / "work")
    with show_progress("reading") as bar, _open_source(source, arena, hidden, track, bar) as entry:
        chosen = [task for task in select_tasks(hidden, entry.track, tasks) if task.id in entry.tasks]
        run = _ScreenJob(settings, entry, hidden, out, home / "model-screen.sqlite")
        summary, error = run.write_report(chosen, bar)
    if not as_json:
        print_screening(summary)
    elif error is None:
        print_json(summary.model_dump(mode="json"))
    if error is not None:
        raise type(error)(f"The model screen is incomplete; what it found so far is in {out}.", str(error)) from error


@dataclass(frozen=True)
class DeliverySource:
    """What was delivered: a name for the ledger, the tasks, and their rows."""

    name: str
    track: str
    tasks: frozenset[str]
    read_rows: Callable[[str], Sequence[Row]]


@dataclass(frozen=True)
class _ScreenJob:
    settings: ModelScreenSettings
    entry: DeliverySource
    benchmark: Benchmark
    out: Path
    store: Path

    def write_report(self, tasks: Sequence[Task], bar: Progress) -> tuple[ReportSummary, EvaluatorError | None]:
        """Screen the tasks and write the report; the error is the one that ended it early."""
        import os

        from evaluator.stages.model_screen.open_models import open_model_screen, read_usage
        from evaluator.stages.model_screen.pair_findings import ReportEnd, ReportSummary
        from evaluator.stages.model_screen.report_file import ReportFile
        from evaluator.stages.model_screen.screen_delivery import screen_delivery

        settings, name = self.settings, self.entry.name
        with open_model_screen(settings, os.environ, self.store, name) as screen, ReportFile(self.out) as report:
            run = screen_delivery(screen, self._iter_tasks(tasks), report, bar, len(tasks))
            end = ReportEnd(
                source=name,
                complete=run.error is None,
                missing=tuple(task.id for task in tasks[len(run.tasks) :]),
                why=run.error.public if run.error else None,
                usage=read_usage(settings, self.store, name),
                settings=settings,
            )
            report.write_line(end)
        return ReportSummary(report=str(self.out), tasks=run.tasks, end=end), run.error

    def _iter_tasks(self, tasks: Sequence[Task]) -> Iterator[DeliveredTask]:
        from evaluator.stages.model_screen.task_screen import DeliveredTask

        for task in tasks:
            yield DeliveredTask(task, self.entry.read_rows(task.id), self.benchmark.read_reference(task.id).test)


def _check_place(out: Path, arena: str) -> None:
    """Refuse a report in a repository of the arena that is published."""
    from evaluator.stages.model_screen.report_file import check_private_place
    from submissions.storage.locations import PUBLIC, is_hub_url, sibling_location

    for name in PUBLIC:
        place = sibling_location(arena, name)
        check_private_place(out, None if is_hub_url(place) else Path(place))


@contextmanager
def _open_source(source: str, arena: str, benchmark: Benchmark, track: str, bar: Progress) -> Iterator[DeliverySource]:
    """Open a submission of an arena, or check a delivered folder. Raises NotFound and SubmissionRejected."""
    from functools import partial

    from submissions.arena.arena import open_arena
    from submissions.check_process.delivery_check import DeliveryCheck
    from submissions.cli.console import format_report
    from submissions.errors import SubmissionRejected
    from submissions.storage.local_repo import LocalRepo
    from submissions.storage.temp_folder import TempFolder
    from submissions.tracks import get_track

    if arena:
        opened = open_arena(arena, is_checked=True)
        submission = opened.read_submission(source)
        files = frozenset(file.task for file in submission.files if file.task)
        yield DeliverySource(submission.id, submission.track, files, partial(opened.read_rows, submission))
        return
    track = track or _find_track(benchmark)
    every = [task for task in benchmark.read_tasks() if task.track == track]
    with TempFolder() as into:
        with DeliveryCheck() as reading:
            report = reading.check_sources([Path(source)], every, into=into, track=get_track(track), progress=bar)
        if not report.accepted:
            typer.echo(format_report(report), err=True)
            raise SubmissionRejected(report)
        files = frozenset(file.task for file in report.files if file.task)
        yield DeliverySource(Path(source).resolve().name, track, files, partial(_read_rows, LocalRepo(into)))


def _find_track(benchmark: Benchmark) -> str:
    """Return the track of a benchmark's tasks. Raises NotFound if they are of several, or there are none."""
    from submissions.errors import NotFound

    tracks = tuple(dict.fromkeys(task.track for task in benchmark.read_tasks()))
    if len(tracks) != 1:
        raise NotFound(f"The benchmark has tasks of {', '.join(tracks) or 'no track'}: name one with --track.")
    return tracks[0]


def _read_rows(repo: LocalRepo, task: str) -> tuple[Row, ...]:
    """Read a task's rows as the check wrote them."""
    from submissions.records.task import Row
    from submissions.storage.codec import read_lines

    return read_lines(repo, f"{task}.jsonl", Row)
