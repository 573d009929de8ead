"""The command `check`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from submissions.arena.arena import open_arena
from submissions.checking.check import check_sources as check_sources
from submissions.cli import console as terminal
from submissions.cli.inputs import check_with_progress, fetch_sources, load_tasks
from submissions.cli.options import DEFAULT_TRACK, AsJson, Sources, Track
from submissions.cli.runtime import print_json
from submissions.errors import TheirError
from submissions.estimation.estimates import estimate_all
from submissions.submitting.download import download_submission as download_submission


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
    with tempfile.TemporaryDirectory() as into, fetch_sources(source, known) as (paths, _):
        report = check_with_progress(paths, known, Path(into), track)
        where = open_arena(arena, is_checked=True) if arena and report.accepted else None
        foretold = estimate_all(where, report, Path(into)) if where else []
    if as_json:
        estimates = [one.document for one in foretold]
        print_json({"accepted": report.accepted, **report.model_dump(mode="json"), "estimates": estimates})
    else:
        typer.echo("\n".join([terminal.format_report(report), *map(terminal.format_estimate, foretold)]))
    if not report.accepted:
        raise typer.Exit(TheirError.exit_code)
