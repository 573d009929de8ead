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
    check_track,
    output_result,
    select_tasks,
)

if TYPE_CHECKING:
    from submissions.records.check_report import Report
    from submissions.records.submission import DataFile, Submission
    from submissions.records.task import Metadata, Task
    from submissions.storage.local_repo import LocalRepo


def score_delivery(
    folder: Delivery,
    benchmark: BenchmarkFolder,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for result.json; its work/ makes a restart quick.")],
    track: TrackName = "",
    protocol: ProtocolName = "demo@1",
    profile: ProfileName = "cpu",
    tasks: Annotated[str, typer.Option(metavar="A,B", help="Only these tasks; the result is flagged.")] = "",
    judge: JudgeFile = None,
    no_judge: NoJudge = False,
    as_json: AsJson = False,
) -> None:
    """Score one folder of data sets outside of any arena."""
    from dataclasses import replace

    from evaluator.config.profile import load_profile
    from evaluator.runtime.work_dir_lock import exclusive_lock
    from evaluator.stages.track_context import ToolSettings
    from evaluator.tracks import get_scorer
    from evaluator.tracks.context_pool import open_context
    from evaluator.tracks.evaluation_job import EvaluationJob, SubmissionData
    from evaluator.tracks.protocols import load_protocol
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

    source, rules, machine = open_benchmark(benchmark), load_protocol(protocol), load_profile(profile)
    rules_track = get_track(check_track(track, rules))
    chosen = select_tasks(source, rules.track, tasks)
    every = [task for task in source.read_tasks() if task.track == rules.track]
    settings = ToolSettings(machine, out / "work", judge=judge, no_judge=no_judge)
    get_scorer(rules.track).check_tools(rules, settings)
    with exclusive_lock(out / "work"), TempFolder() as into, show_progress("reading") as bar:
        with DeliveryCheck() as reading:
            report = reading.check_sources([folder], every, into=into, track=rules_track, progress=bar)
        if not report.accepted:
            typer.echo(report_text(report), err=True)
            raise SubmissionRejected(report)
        submission, files = _local_submission(_system_name(folder), report), LocalRepo(into)
        with open_context(rules, replace(settings, progress=bar)) as context:
            job = EvaluationJob(
                benchmark=source, tasks=chosen, context=context, folder=out, partial=_partial_reason(chosen, every)
            )
            entry = SubmissionData(submission, lambda file: _read_file(files, file), _read_descriptions(files, report))
            result = get_scorer(rules.track).evaluate(job, entry)
    atomic_write(out / "result.json", to_json(result))
    output_result(result, as_json)


def _read_file(repo: LocalRepo, file: DataFile) -> bytes:
    """Read a delivered file as the check wrote it."""
    return repo.read(file.path.removeprefix("data/"))


def _system_name(folder: Path) -> str:
    """Derive a printable system name of limited length from the folder's name."""
    return "".join(letter for letter in folder.resolve().stem if letter.isprintable())[:80].strip() or "delivery"


def _local_submission(name: str, report: Report) -> Submission:
    """Build a submission outside of any arena; the same files give the same id, so the same Result."""
    import hashlib
    from datetime import UTC, datetime

    from ulid import ULID

    from submissions.records.submission import Submission
    from submissions.tracks import get_track

    key = hashlib.sha256("".join(file.sha256 for file in report.files).encode()).digest()
    return Submission(
        id=str(ULID(b"\0" + key[:15])),
        track=report.track,
        system=name,
        system_type=next(reversed(get_track(report.track).system_type_keys), "unknown"),
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
