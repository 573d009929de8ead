"""`requeue`: evaluates results of earlier protocol or benchmark versions again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli.command_options import (
    ArenaPlace,
    BesideArena,
    JudgeFile,
    NoJudge,
    ProfileName,
    ProtocolName,
    default_work_dir,
)


def requeue_outdated(
    arena: ArenaPlace,
    profile: ProfileName = "cpu",
    protocol: ProtocolName = "demo@1",
    benchmark: BesideArena = "",
    judge: JudgeFile = None,
    no_judge: NoJudge = False,
    work: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for finished work.")] = None,
    name: Annotated[str, typer.Option(help="Name of this evaluator in messages about its lease. Public.")] = "",
) -> None:
    """Evaluate again what was measured under other rules or on another benchmark, and what is pending; then stop."""
    from contextlib import nullcontext

    from evaluator.cli.work_command import EvaluationService
    from evaluator.config.protocol import load_protocol
    from evaluator.stages.judge_factory import judge_opener
    from submissions.arena.arena import open_arena
    from submissions.errors import OurError

    home = work or default_work_dir(arena)
    judges = judge_opener(load_protocol(protocol), judge, left_out=no_judge, work=home)
    owner = name or f"{protocol} on {profile}"
    service = EvaluationService(arena, benchmark, protocol, profile, home, owner, None, requeue=True)
    failed = service.run(nullcontext(open_arena(arena)), judges, forever=False)
    if failed:
        raise OurError(f"{failed} submission(s) failed. Run `requeue` again.")
