"""`score`: evaluates one delivery outside of any arena."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaluator.cli.command_options import (
    AsJson,
    BenchmarkFolder,
    Delivery,
    JudgeFile,
    NoJudge,
    ProfileName,
    ProtocolName,
    TrackName,
    output_result,
    read_rows,
    select_tasks,
)

if TYPE_CHECKING:
    from submissions.records.check_report import Report
    from submissions.records.submission import Submission
    from submissions.records.task import Metadata, Task
    from submissions.storage.local_repo import LocalRepo


def score_delivery(
    folder: Delivery,
    benchmark: BenchmarkFolder,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for result.json; its work/ makes a restart quick.")],
    track: TrackName = "dataset_research",
    protocol: ProtocolName = "demo@1",
    profile: ProfileName = "cpu",
    tasks: Annotated[str, typer.Option(metavar="A,B", help="Only these tasks; the result is flagged.")] = "",
    judge: JudgeFile = None,
    no_judge: NoJudge = False,
    as_json: AsJson = False,
) -> None:
    """Score one folder of data sets outside of any arena."""
    from functools import partial

    from evaluator.config.protocol import load_protocol
    from evaluator.runtime.work_dir_lock import exclusive_lock
    from evaluator.stages.anchors import load_checked_anchors
    from evaluator.stages.context import open_context
    from evaluator.stages.judge_factory import judge_opener
    from evaluator.tracks import SCORERS, EvaluationJob, SubmissionData
    from submissions.arena.benchmark import open_benchmark
    from submissions.check_process.delivery_check import DeliveryCheck
    from submissions.cli.console import format_report as report_text
    from submissions.cli.runtime import show_progress
    from submissions.errors import SubmissionRejected
    from submissions.storage.atomic import atomic_write
    from submissions.storage.codec import to_json
    from submissions.storage.local_repo import LocalRepo
    from submissions.storage.temp_folder import TempFolder
    from submissions.tracks import get_track

    source = open_benchmark(benchmark)
    chosen = select_tasks(source, track, tasks)
    every = [task for task in source.read_tasks() if task.track == track]
    with exclusive_lock(out / "work"), TempFolder() as into, show_progress("reading") as bar:
        with DeliveryCheck() as reading:
            report = reading.check_sources([folder], every, into=into, track=get_track(track), progress=bar)
        if not report.accepted:
            typer.echo(report_text(report), err=True)
            raise SubmissionRejected(report)
        submission, files = _local_submission(_system_name(folder), report), LocalRepo(into)
        judges = judge_opener(load_protocol(protocol), judge, left_out=no_judge, work=out / "work")
        with open_context(protocol, profile, out / "work", bar) as bench, judges(submission.id) as opened:
            job = EvaluationJob(
                benchmark=source,
                tasks=chosen,
                anchors=load_checked_anchors(source, bench, chosen),
                context=bench,
                folder=out,
                judge=opened,
                partial=_partial_reason(chosen, every),
            )
            entry = SubmissionData(submission, partial(read_rows, files), _read_descriptions(files, report))
            result = SCORERS[track](job, entry)
    atomic_write(out / "result.json", to_json(result))
    output_result(result, as_json)


def _system_name(folder: Path) -> str:
    """Derive a printable system name of limited length from the folder's name."""
    return "".join(letter for letter in folder.resolve().stem if letter.isprintable())[:80].strip() or "delivery"


def _local_submission(name: str, report: Report) -> Submission:
    """Build a submission outside of any arena; the same files give the same id, so the same Result."""
    import hashlib
    from datetime import UTC, datetime

    from ulid import ULID

    from submissions.records.submission import Submission

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


def _read_descriptions(repo: LocalRepo, report: Report) -> dict[str, Metadata]:
    from submissions.records.submission import Description
    from submissions.storage.codec import read_lines

    file = report.descriptions
    return {one.task: one.metadata for one in read_lines(repo, file.path, Description)} if file else {}
