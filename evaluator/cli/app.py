"""The organiser's command line: score one folder, work through an arena, measure anchors."""

from __future__ import annotations

import hashlib
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from ulid import ULID

from evaluator.cli import console as terminal
from evaluator.config.profile import load_profile
from evaluator.config.protocol import load_protocol
from evaluator.notifications.notifier import notifying_arena, parse_board_webhooks
from evaluator.planning.plan import PlanInputs, make_plan
from evaluator.publishing.arena_session import open_session
from evaluator.publishing.lease import load_nonce
from evaluator.runtime.signals import sigterm_as_interrupt
from evaluator.runtime.work_dir_lock import exclusive_lock
from evaluator.service.coordinator import Coordinator
from evaluator.service.shard import Shard, hold_shard, run_shard
from evaluator.service.submission_queue import MAX_ATTEMPTS
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.anchors import import_anchors, load_checked_anchors, measure_anchors, unadmitted_tasks
from evaluator.stages.context import open_context
from evaluator.stages.judge_factory import judge_opener
from evaluator.stages.rescore import matches_stored, rescore
from evaluator.tracks import SCORERS, EvaluationJob, SubmissionData
from submissions.arena.arena import open_arena
from submissions.arena.benchmark import Benchmark, open_benchmark
from submissions.checking.check import check_sources
from submissions.cli.console import format_report as report_text
from submissions.cli.runtime import print_json, show_progress
from submissions.errors import NotFound, OurError, SubmissionRejected
from submissions.index.rebuild import rebuild_index
from submissions.records.check_report import Report
from submissions.records.result import Result
from submissions.records.status import Stage
from submissions.records.submission import Description, Submission
from submissions.records.task import Metadata, Row, Task
from submissions.storage.atomic import atomic_write
from submissions.storage.codec import read_lines, to_json
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.local_repo import LocalRepo
from submissions.storage.locations import is_hub_url, sibling_location
from submissions.tracks import get_track

app = typer.Typer(
    help="Fine-tune on delivered data sets, score them, and publish what they are worth.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

BenchmarkFolder = Annotated[str, typer.Option("--benchmark", metavar="DIR", help="The benchmark with its references.")]
ProtocolName = Annotated[str, typer.Option(help="The rules, for example demo@1.")]
ProfileName = Annotated[str, typer.Option(help="The machine, for example cpu.")]
JudgeFile = Annotated[Path | None, typer.Option("--judge", metavar="FILE", help="Where to ask the metadata judge.")]
NoJudge = Annotated[bool, typer.Option("--no-judge", help="Leave metadata unjudged.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.command()
def score(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder or zip of <task id>.jsonl files.")],
    benchmark: BenchmarkFolder,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Gets result.json; its work/ makes a restart quick.")],
    track: Annotated[str, typer.Option(help="The board that the data is for.")] = "dataset_research",
    protocol: ProtocolName = "demo@1",
    profile: ProfileName = "cpu",
    tasks: Annotated[str, typer.Option(metavar="A,B", help="Only these tasks; the result is flagged.")] = "",
    judge: JudgeFile = None,
    no_judge: NoJudge = False,
    as_json: AsJson = False,
) -> None:
    """Score one delivery outside of any arena."""
    source = open_benchmark(benchmark)
    chosen = _select_tasks(source, track, tasks)
    every = [task for task in source.read_tasks() if task.track == track]
    with exclusive_lock(out / "work"), tempfile.TemporaryDirectory() as into, show_progress("reading") as bar:
        report = check_sources([folder], every, into=Path(into), track=get_track(track), progress=bar)
        if not report.accepted:
            typer.echo(report_text(report), err=True)
            raise SubmissionRejected(report)
        submission = _local_submission(_system_name(folder), report)
        judges = judge_opener(load_protocol(protocol), judge, left_out=no_judge, work=out / "work")
        with open_context(protocol, profile, out / "work", bar) as bench, judges(submission.id) as opened:
            evaluation = EvaluationJob(
                benchmark=source,
                tasks=chosen,
                anchors=load_checked_anchors(source, bench, chosen),
                context=bench,
                report=_no_progress,
                folder=out,
                judge=opened,
                partial=_partial_reason(chosen, every),
            )
            entry = SubmissionData(
                submission, partial(_read_rows, LocalRepo(into)), _read_descriptions(LocalRepo(into), report)
            )
            result = SCORERS[track](evaluation, entry)
    atomic_write(out / "result.json", to_json(result))
    _output_result(result, as_json)


@app.command()
def work(
    arena: Annotated[str, typer.Option(metavar="DIR", help="The folder of the arena, or hf://ORG/PREFIX.")],
    profile: ProfileName = "cpu",
    protocol: ProtocolName = "demo@1",
    benchmark: Annotated[str, typer.Option(metavar="DIR", help="Where it is, if not beside the arena.")] = "",
    judge: JudgeFile = None,
    no_judge: NoJudge = False,
    forever: Annotated[
        bool, typer.Option("--forever/--once", help="Go on until it is stopped, or stop when nothing is pending.")
    ] = True,
    every: Annotated[
        float | None, typer.Option(help="Seconds between looks for new submissions: 5, or 60 on the Hub.")
    ] = None,
    work: Annotated[Path | None, typer.Option(metavar="DIR", help="Where finished work is kept.")] = None,
    webhook: Annotated[
        list[str] | None,
        typer.Option(envvar="ARENA_WEBHOOK", metavar="URL", help="Is told of all boards; TRACK=URL: of that one."),
    ] = None,
    webhook_secret: Annotated[
        str, typer.Option(envvar="ARENA_WEBHOOK_SECRET", help="Signs what is sent there.", show_default=False)
    ] = "",
    site: Annotated[
        str, typer.Option(envvar="ARENA_SITE", metavar="URL", help="Where the board is served, for links in messages.")
    ] = "",
    name: Annotated[str, typer.Option(help="What others are told who holds the arena. Public.")] = "",
) -> None:
    """Take pending submissions, evaluate them, publish their results."""
    clock = CommitRateLimit().clock
    told = notifying_arena(open_arena(arena), parse_board_webhooks(webhook or ()), webhook_secret, site)
    source = open_benchmark(benchmark or sibling_location(arena, "benchmark"))
    home = work or _default_work_dir(arena)
    owner = name or f"{protocol} on {profile}"
    judges = judge_opener(load_protocol(protocol), judge, left_out=no_judge, work=home)
    with (
        sigterm_as_interrupt(),
        exclusive_lock(home),
        told as repositories,
        show_progress("waiting") as bar,
        open_context(protocol, profile, home, bar) as bench,
    ):
        gap = timedelta(minutes=1) if is_hub_url(arena) else timedelta()
        coordinator = Coordinator(
            open_desk=partial(open_session, repositories, owner, load_nonce(home), gap=gap, clock=clock),
            open_worker=lambda held: SubmissionRunner(held, source, bench, home / "results", judges),
            clock=clock,
            wait=time.sleep,
            say=typer.echo,
            every=every if every is not None else 60.0 if is_hub_url(arena) else 5.0,
        )
        coordinator.run(forever=forever)
    if coordinator.failed:
        raise OurError(
            f"{len(coordinator.failed)} submission(s) failed. The next `work` tries again, "
            f"up to {MAX_ATTEMPTS} times in all; "
            "after that, and at any time, `python -m submissions retry ID` does."
        )


@app.command("plan")
def plan_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder or zip of <task id>.jsonl files.")],
    benchmark: BenchmarkFolder,
    track: Annotated[str, typer.Option(help="The board that the data is for.")] = "dataset_research",
    protocol: ProtocolName = "demo@1",
    profile: ProfileName = "cpu",
    stations: Annotated[int, typer.Option(min=1, help="Such machines that share the work.")] = 1,
    hour_price: Annotated[
        float | None, typer.Option(min=0, help="US dollars for one device for one hour; the profile's, if left out.")
    ] = None,
    arena: Annotated[str, typer.Option(metavar="DIR", help="Judge by what its past evaluations took.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what evaluating a delivery will take and cost, and whether the machine has room; start nothing."""
    source, rules, machine = open_benchmark(benchmark), load_protocol(protocol), load_profile(profile)
    if hour_price is not None:
        machine = machine.model_copy(update={"hour_price": hour_price})
    tasks = tuple(task for task in source.read_tasks() if task.track == track)
    at = PlanInputs(rules, machine, stations, open_arena(arena, is_checked=True) if arena else None)
    with tempfile.TemporaryDirectory() as into, show_progress("reading") as bar:
        report = check_sources([folder], tasks, into=Path(into), track=get_track(track), progress=bar)
        if not report.accepted:
            typer.echo(report_text(report), err=True)
            raise SubmissionRejected(report)
        rows = ((file.task, _read_rows(LocalRepo(Path(into)), file.task)) for file in report.files)
        planned = make_plan(at, source, tasks, rows, bar)
    if as_json:
        print_json(planned.document)
    else:
        terminal.print_plan(planned)


@app.command("share")
def shard_command(
    part: Annotated[str, typer.Argument(metavar="I/N", help="Which of how many shares, for example 1/4.")],
    arena: Annotated[str, typer.Option(metavar="DIR", help="The folder of the arena, or hf://ORG/PREFIX.")],
    profile: ProfileName = "cpu",
    protocol: ProtocolName = "demo@1",
    benchmark: Annotated[str, typer.Option(metavar="DIR", help="Where it is, if not beside the arena.")] = "",
    work: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where finished work is kept, for all shares.")
    ] = None,
    run: Annotated[
        str,
        typer.Option(metavar="NAME", help="The same for all shares that start at different times, and for no others."),
    ] = "",
) -> None:
    """Do one of N shares of what is pending; publish nothing. `work` then finds it finished."""
    mine, home = Shard.parse(part, run), work or _default_work_dir(arena)
    source = open_benchmark(benchmark or sibling_location(arena, "benchmark"))
    logs = home / "logs" / f"share-{mine.part}-of-{mine.of}"
    with (
        sigterm_as_interrupt(),
        hold_shard(home, mine),
        show_progress("waiting") as bar,
        open_context(protocol, profile, home, bar, logs) as bench,
    ):
        run_shard(
            SubmissionRunner(open_arena(arena, is_checked=True), source, bench, home / "results"),
            mine,
            home,
            typer.echo,
        )


@app.command()
def anchors(
    benchmark: BenchmarkFolder,
    protocol: ProtocolName = "demo@1",
    profile: ProfileName = "cpu",
    work: Annotated[Path | None, typer.Option(metavar="DIR", help="Where finished work is kept.")] = None,
    track: Annotated[str, typer.Option(help="The board whose tasks are measured.")] = "dataset_research",
    tasks: Annotated[str, typer.Option(metavar="A,B", help="Only these tasks.")] = "",
    official: Annotated[bool, typer.Option("--official", help="Take the official release's scores (paper@1).")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure tasks' base and reference scores and write them into the benchmark."""
    folder = work or (_default_work_dir(benchmark) if is_hub_url(benchmark) else Path(benchmark) / ".work")
    source = open_benchmark(benchmark)
    with exclusive_lock(folder), show_progress("reading") as bar, open_context(protocol, profile, folder, bar) as bench:
        rules = bench.protocol
        found = (import_anchors if official else measure_anchors)(source, bench, _select_tasks(source, track, tasks))
    names = unadmitted_tasks(found, rules)
    if as_json:
        print_json({**found.model_dump(mode="json"), "refused": names})
        return
    terminal.print_anchors(found, names)
    if names:
        typer.echo(f"Not counted, since their reference does not measurably help: {', '.join(names)}.")


@app.command("rescore")
def rescore_command(
    folder: Annotated[
        Path, typer.Argument(metavar="RESULT_DIR", help="The --out of `score`, or work/results/<id>/<protocol>.")
    ],
    protocol: Annotated[str, typer.Option(help="Other rules for the same answers; its own if not given.")] = "",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the Result here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compute a Result again from the stored answers, without a GPU."""
    result = rescore(folder, load_protocol(protocol) if protocol else None)
    if out is not None:
        atomic_write(out, to_json(result))
    _output_result(result, as_json)
    same = matches_stored(folder, result)
    if not as_json:
        other = "was made by other rules, or by another version of the evaluator: nothing to compare"
        typer.echo(f"{folder / 'result.json'} {'is the same, bit for bit' if same else other}.")


@app.command("compact")
def compact_command(
    arena: Annotated[str, typer.Option(metavar="DIR", help="The folder of the arena, or hf://ORG/PREFIX.")],
) -> None:
    """Write the compacted files that a web app starts from, where results or submissions lack a row in them."""
    results, submissions = rebuild_index(open_arena(arena, CommitRateLimit(max_wait=timedelta(hours=2))))
    typer.echo(f"Added {results} result(s) and {submissions} submission(s) to the compacted files.")


def _default_work_dir(where: str) -> Path:
    """Where finished work is kept for an arena; what is on the Hub has its folder here."""
    return Path(".arena-work", *where.removeprefix("hf://").split("/")) if is_hub_url(where) else Path(where) / "work"


def _select_tasks(benchmark: Benchmark, track: str, names: str) -> tuple[Task, ...]:
    get_track(track)
    tasks = {task.id: task for task in benchmark.read_tasks() if task.track == track}
    wanted = [name.strip() for name in names.split(",") if name.strip()] or list(tasks)
    if unknown := [name for name in wanted if name not in tasks]:
        raise NotFound(f"No task {', '.join(unknown)} in {track}; there are: {', '.join(tasks)}.")
    return tuple(task for task in tasks.values() if task.id in wanted)


def _system_name(folder: Path) -> str:
    """A system's name from the folder's: printable, and not too long."""
    return "".join(letter for letter in folder.resolve().stem if letter.isprintable())[:80].strip() or "delivery"


def _local_submission(name: str, report: Report) -> Submission:
    """A submission that no arena knows; the same files give the same id, so the same Result."""
    key = hashlib.sha256("".join(file.sha256 for file in report.files).encode()).digest()
    return Submission(
        id=str(ULID(b"\0" + key[:15])),
        track=report.track,
        system=name,
        system_type="hybrid",
        team="local",
        submitter="local",
        files=report.files,
        created_at=datetime.fromtimestamp(0, UTC),
    )


def _partial_reason(chosen: tuple[Task, ...], every: list[Task]) -> str | None:
    return f"Scored on {len(chosen)} of {len(every)} tasks." if len(chosen) < len(every) else None


def _read_rows(repo: LocalRepo, task: str) -> tuple[Row, ...]:
    return read_lines(repo, f"{task}.jsonl", Row)


def _read_descriptions(repo: LocalRepo, report: Report) -> dict[str, Metadata]:
    said = report.descriptions
    return {one.task: one.metadata for one in read_lines(repo, said.path, Description)} if said else {}


def _no_progress(stage: Stage, done: int, of: int) -> None:
    """The bar shows it already."""


def _output_result(result: Result, as_json: bool) -> None:
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        terminal.print_result(result)
