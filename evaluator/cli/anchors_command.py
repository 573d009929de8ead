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
    TrackName,
    check_track,
    default_work_dir,
    select_tasks,
)


def write_anchors(
    benchmark: BenchmarkFolder,
    protocol: ProtocolName = "demo@1",
    profile: ProfileName = "cpu",
    work: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for finished work.")] = None,
    track: TrackName = "",
    tasks: Annotated[str, typer.Option(metavar="A,B", help="Only these tasks.")] = "",
    official: Annotated[bool, typer.Option("--official", help="Use the official release's scores (paper@1).")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure the base and reference scores of tasks and write them into the benchmark."""
    from evaluator.cli.console import print_anchors
    from evaluator.config.profile import load_profile
    from evaluator.runtime.work_dir_lock import exclusive_lock
    from evaluator.stages.track_context import ToolSettings
    from evaluator.tracks import get_scorer
    from evaluator.tracks.context_pool import open_context
    from evaluator.tracks.protocols import load_protocol
    from submissions.arena.benchmark import open_benchmark
    from submissions.cli.runtime import print_json, show_progress
    from submissions.errors import NotFound
    from submissions.storage.locations import is_hub_url

    folder = work or (default_work_dir(benchmark) if is_hub_url(benchmark) else Path(benchmark) / ".work")
    rules, machine, source = load_protocol(protocol), load_profile(profile), open_benchmark(benchmark)
    chosen = select_tasks(source, check_track(track, rules), tasks)
    tools = get_scorer(rules.track).anchors
    if tools is None:
        raise NotFound(f"{rules.track} has no anchors: there is nothing to measure.")
    with (
        exclusive_lock(folder),
        show_progress("reading") as bar,
        open_context(rules, ToolSettings(machine, folder, bar, no_judge=True)) as context,
    ):
        anchors = (tools.import_official if official else tools.measure)(source, context, chosen)
    names = tools.list_unadmitted(anchors, rules)
    if as_json:
        print_json({**anchors.model_dump(mode="json"), "refused": names})
        return
    print_anchors(anchors, names)
    if names:
        typer.echo(f"Not counted, as their reference does not measurably help: {', '.join(names)}.")
