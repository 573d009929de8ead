"""`shard`: precomputes one of N shards of the pending work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli.command_options import ArenaPlace, BesideArena, ProfileName, ProtocolName, default_work_dir


def precompute_shard(
    part: Annotated[str, typer.Argument(metavar="I/N", help="This share's number and the total, for example 1/4.")],
    arena: ArenaPlace,
    profile: ProfileName = "cpu",
    protocol: ProtocolName = "demo@1",
    benchmark: BesideArena = "",
    work: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for finished work, common to all shares.")
    ] = None,
    run: Annotated[
        str,
        typer.Option(metavar="NAME", help="Common name of shares that start at different times, unique to them."),
    ] = "",
) -> None:
    """Run one of N shares of the pending work without publishing. `work` then finds it finished."""
    from evaluator.config.profile import load_profile
    from evaluator.runtime.signals import sigterm_as_interrupt
    from evaluator.service.shard import Shard, hold_shard, run_shard
    from evaluator.service.submission_runner import SubmissionRunner
    from evaluator.stages.track_context import ToolSettings
    from evaluator.tracks.context_pool import ContextPool
    from evaluator.tracks.protocols import load_protocol
    from submissions.arena.arena import open_arena
    from submissions.arena.benchmark import open_benchmark
    from submissions.cli.runtime import show_progress
    from submissions.storage.locations import sibling_location

    shard, home = Shard.parse(part, run), work or default_work_dir(arena)
    source = open_benchmark(benchmark or sibling_location(arena, "benchmark"))
    logs = home / "logs" / f"share-{shard.part}-of-{shard.of}"
    with (
        sigterm_as_interrupt(),
        hold_shard(home, shard),
        show_progress("waiting") as bar,
        ContextPool.from_settings(
            [load_protocol(protocol)], ToolSettings(load_profile(profile), home, bar, logs, no_judge=True)
        ) as contexts,
    ):
        held = open_arena(arena, is_checked=True)
        run_shard(SubmissionRunner(held, source, contexts, home / "results"), shard, home, typer.echo)
