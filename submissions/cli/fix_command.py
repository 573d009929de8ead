"""The command `fix`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from submissions.check_process.delivery_check import DeliveryCheck
from submissions.cli import console as terminal
from submissions.cli.inputs import load_tasks
from submissions.cli.options import DEFAULT_TRACK, AsJson, Sources, Track
from submissions.cli.runtime import print_json
from submissions.errors import TheirError
from submissions.repair.repair import require_repair
from submissions.tracks import get_track


def fix(
    source: Sources,
    to: Annotated[Path, typer.Option(metavar="DIR", help="A folder that does not exist yet.")],
    arena: Annotated[str | None, typer.Option(metavar="DIR", help="Use the tasks of this arena.")] = None,
    benchmark: Annotated[str | None, typer.Option(metavar="DIR", help="Use the tasks of this benchmark.")] = None,
    tasks: Annotated[Path | None, typer.Option(metavar="FILE.jsonl", help="Use the tasks in this file.")] = None,
    track: Track = DEFAULT_TRACK,
    as_json: AsJson = False,
) -> None:
    """Write a repaired copy into a new folder, without guessing; list the changes and the remaining problems."""
    if to.exists():
        raise typer.BadParameter(f"{to} already exists; name a new folder")
    require_repair(get_track(track))
    known = load_tasks(arena, benchmark, tasks)
    to.mkdir(parents=True)
    with DeliveryCheck() as reading:
        fixed = reading.repair_sources(source, known, into=to, track=get_track(track))
    if as_json:
        print_json(fixed.model_dump(mode="json"))
    else:
        typer.echo(terminal.format_repair(fixed))
    if not fixed.corrections:
        to.rmdir()
    if not fixed.remaining.accepted:
        raise typer.Exit(TheirError.exit_code)
