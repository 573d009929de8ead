"""The command `check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from submissions.arena.arena import open_arena
from submissions.check_process.delivery_check import DeliveryCheck
from submissions.cli import console as terminal
from submissions.cli.inputs import check_with_progress, fetch_sources, load_tasks
from submissions.cli.options import DEFAULT_TRACK, AsJson, Sources, Track
from submissions.cli.runtime import print_json
from submissions.errors import TheirError
from submissions.estimation.estimates import estimate_all, read_track_frames
from submissions.storage.temp_folder import TempFolder
from submissions.tracks import get_track


def check(
    source: Sources,
    arena: Annotated[str | None, typer.Option(metavar="DIR", help="Use the tasks of this arena.")] = None,
    benchmark: Annotated[str | None, typer.Option(metavar="DIR", help="Use the tasks of this benchmark.")] = None,
    tasks: Annotated[Path | None, typer.Option(metavar="FILE.jsonl", help="Use the tasks in this file.")] = None,
    track: Track = DEFAULT_TRACK,
    as_json: AsJson = False,
) -> None:
    """Report every problem of a delivery and, with an arena, the estimated evaluation cost; store nothing."""
    known = load_tasks(arena, benchmark, tasks)
    with DeliveryCheck() as reading, TempFolder() as into:
        with fetch_sources(source, known, track) as (paths, _):
            report = check_with_progress(reading, paths, known, into, track)
        foretold = []
        if arena and report.accepted:
            where = open_arena(arena, is_checked=True)
            frames = read_track_frames(where, get_track(track))
            foretold = estimate_all(where, get_track(track), frames, reading.sample_rows(report, frames, into=into))
    if as_json:
        estimates = [one.document for one in foretold]
        print_json({"accepted": report.accepted, **report.model_dump(mode="json"), "estimates": estimates})
    else:
        typer.echo("\n".join([terminal.format_report(report), *map(terminal.format_estimate, foretold)]))
    if not report.accepted:
        raise typer.Exit(TheirError.exit_code)
