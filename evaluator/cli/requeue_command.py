"""`requeue`: evaluates results of earlier protocol or benchmark versions again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli.command_options import (
    DEMO,
    ArenaPlace,
    BesideArena,
    JudgeFile,
    NoJudge,
    ProfileName,
    ProtocolNames,
)


def requeue_outdated(
    arena: ArenaPlace,
    profile: ProfileName = "cpu",
    protocol: ProtocolNames = [DEMO],  # noqa: B006  # typer copies it
    benchmark: BesideArena = "",
    judge: JudgeFile = None,
    no_judge: NoJudge = False,
    work: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for finished work.")] = None,
    name: Annotated[str, typer.Option(help="Name of this evaluator in messages about its lease. Public.")] = "",
) -> None:
    """Evaluate again what was measured under other rules or on another benchmark, and what is pending; then stop."""
    from contextlib import nullcontext

    from evaluator.cli.evaluation_service import build_service
    from submissions.arena.arena import open_arena
    from submissions.errors import OurError

    service = build_service(
        arena, benchmark, protocol, profile, work, judge, no_judge=no_judge, name=name, requeue=True
    )
    failed = service.run(nullcontext(open_arena(arena)), forever=False)
    if failed:
        raise OurError(f"{failed} submission(s) failed. Run `requeue` again.")
