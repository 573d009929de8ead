"""`plan`: estimates what evaluating a delivery takes and costs."""

from __future__ import annotations

from typing import Annotated

import typer

from evaluator.cli.command_options import (
    AsJson,
    BenchmarkFolder,
    Delivery,
    ProfileName,
    ProtocolName,
    TrackName,
    check_track,
)


def plan_delivery(
    folder: Delivery,
    benchmark: BenchmarkFolder,
    track: TrackName = "",
    protocol: ProtocolName = "demo@1",
    profile: ProfileName = "cpu",
    stations: Annotated[int, typer.Option(min=1, help="Number of such machines that share the work.")] = 1,
    hour_price: Annotated[
        float | None, typer.Option(min=0, help="US dollars per device-hour; default: the profile's.")
    ] = None,
    arena: Annotated[str, typer.Option(metavar="DIR", help="Estimate from the past evaluations of this arena.")] = "",
    as_json: AsJson = False,
) -> None:
    """Estimate time, cost and memory of evaluating a folder, without starting anything."""

    from evaluator.cli.console import print_plan
    from evaluator.config.profile import load_profile
    from evaluator.planning.plan import PlanInputs
    from evaluator.tracks import get_scorer
    from evaluator.tracks.protocols import load_protocol
    from submissions.arena.arena import open_arena
    from submissions.arena.benchmark import open_benchmark
    from submissions.check_process.delivery_check import DeliveryCheck
    from submissions.cli.console import format_report as report_text
    from submissions.cli.runtime import print_json, show_progress
    from submissions.errors import NotFound, SubmissionRejected
    from submissions.records.task import Row
    from submissions.storage.codec import read_lines
    from submissions.storage.local_repo import LocalRepo
    from submissions.storage.temp_folder import TempFolder
    from submissions.tracks import get_track

    source, rules, machine = open_benchmark(benchmark), load_protocol(protocol), load_profile(profile)
    workload = get_scorer(check_track(track, rules)).workload
    if workload is None:
        raise NotFound(f"There is no estimate for the track {rules.track}.")
    if hour_price is not None:
        machine = machine.model_copy(update={"hour_price": hour_price})
    tasks = tuple(task for task in source.read_tasks() if task.track == rules.track)
    inputs = PlanInputs(rules, machine, stations, open_arena(arena, is_checked=True) if arena else None)
    with TempFolder() as into, show_progress("reading") as bar:
        with DeliveryCheck() as reading:
            report = reading.check_sources([folder], tasks, into=into, track=get_track(rules.track), progress=bar)
        if not report.accepted:
            typer.echo(report_text(report), err=True)
            raise SubmissionRejected(report)
        rows = (
            (file.task, read_lines(LocalRepo(into), file.path.removeprefix("data/"), Row))
            for file in report.files
            if file.task
        )
        planned = workload.make_plan(inputs, source, tasks, rows, bar)
    if as_json:
        print_json(planned.document)
    else:
        print_plan(planned)
