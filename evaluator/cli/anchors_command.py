"""`anchors`: measures the base and reference scores of a benchmark's tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli.command_options import (
    AsJson,
    BenchmarkFolder,
    ProfileName,
    ProtocolName,
    default_work_dir,
    select_tasks,
)


def write_anchors(
    benchmark: BenchmarkFolder,
    protocol: ProtocolName = "demo@1",
    profile: ProfileName = "cpu",
    work: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for finished work.")] = None,
    track: Annotated[str, typer.Option(help="Track whose tasks are measured.")] = "dataset_research",
    tasks: Annotated[str, typer.Option(metavar="A,B", help="Only these tasks.")] = "",
    official: Annotated[bool, typer.Option("--official", help="Use the official release's scores (paper@1).")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure the base and reference scores of tasks and write them into the benchmark."""
    from evaluator.cli.console import print_anchors
    from evaluator.runtime.work_dir_lock import exclusive_lock
    from evaluator.stages.anchors import import_anchors, measure_anchors, unadmitted_tasks
    from evaluator.stages.context import open_context
    from submissions.arena.benchmark import open_benchmark
    from submissions.cli.runtime import print_json, show_progress
    from submissions.storage.locations import is_hub_url

    folder = work or (default_work_dir(benchmark) if is_hub_url(benchmark) else Path(benchmark) / ".work")
    source = open_benchmark(benchmark)
    with exclusive_lock(folder), show_progress("reading") as bar, open_context(protocol, profile, folder, bar) as bench:
        rules = bench.protocol
        anchors = (import_anchors if official else measure_anchors)(source, bench, select_tasks(source, track, tasks))
    names = unadmitted_tasks(anchors, rules)
    if as_json:
        print_json({**anchors.model_dump(mode="json"), "refused": names})
        return
    print_anchors(anchors, names)
    if names:
        typer.echo(f"Not counted, as their reference does not measurably help: {', '.join(names)}.")
