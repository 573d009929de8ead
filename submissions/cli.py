"""The command line of a submitter: check, submit, status, download.

Exit codes: 0 done or accepted; 1 refused, or a mistake in the command; 2 our failure.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from submissions import terminal
from submissions.arena import open_arena, parse_lines
from submissions.benchmark import open_benchmark
from submissions.check import check as check_sources
from submissions.command_line import print_json, progress
from submissions.download import download as download_submission
from submissions.errors import NotFound, TheirError
from submissions.intake import Delivery, receive
from submissions.models import SystemType, Task
from submissions.report import Report
from submissions.tracks import TRACKS, track_named

app = typer.Typer(
    help="Check, deliver and follow data sets for the DatasetResearch Arena.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Sources = Annotated[
    list[Path], typer.Argument(metavar="SOURCE", help="One folder, one zip, or files named <task id>.jsonl.")
]
ArenaFolder = Annotated[
    str, typer.Option("--arena", metavar="DIR", help="The folder of the arena, or hf://ORG/PREFIX.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Track = Annotated[str, typer.Option(help=f"The board that the data is for: {', '.join(TRACKS)}.")]
DEFAULT_TRACK = next(iter(TRACKS))


@app.command()
def check(
    source: Sources,
    arena: Annotated[str | None, typer.Option(metavar="DIR", help="Take the tasks of this arena.")] = None,
    benchmark: Annotated[str | None, typer.Option(metavar="DIR", help="Take the tasks of this benchmark.")] = None,
    tasks: Annotated[Path | None, typer.Option(metavar="FILE.jsonl", help="Take the tasks in this file.")] = None,
    track: Track = DEFAULT_TRACK,
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong with a delivery; store nothing."""
    with tempfile.TemporaryDirectory() as into:
        report = _report(source, _tasks(arena, benchmark, tasks), Path(into), track)
    if as_json:
        print_json({"accepted": report.accepted, **report.model_dump(mode="json")})
    else:
        typer.echo(terminal.report(report))
    if not report.accepted:
        raise typer.Exit(TheirError.exit_code)


@app.command()
def submit(
    source: Sources,
    arena: ArenaFolder,
    system: Annotated[str, typer.Option(help="The name of the system that made the data.")],
    system_type: Annotated[SystemType, typer.Option(help="How it comes by its data.")],
    team: Annotated[str, typer.Option(help="Who built the system.")],
    submitter: Annotated[str | None, typer.Option(help="Who to ask about it; the team, if left out.")] = None,
    description: Annotated[str, typer.Option(help="How the data was found or made.")] = "",
    url: Annotated[str, typer.Option(help="Where the system is described.")] = "",
    track: Track = DEFAULT_TRACK,
    as_json: AsJson = False,
) -> None:
    """Check a delivery and, if nothing is wrong with it, store it for the evaluator."""
    form = {
        "system": system,
        "system_type": system_type,
        "team": team,
        "submitter": team if submitter is None else submitter,
        "description": description,
        "url": url,
    }
    delivery = Delivery.from_form(form)
    where = open_arena(arena)
    with tempfile.TemporaryDirectory() as into:
        report = _report(source, where.tasks(), Path(into), track)
        stored = receive(where, report, Path(into), delivery, datetime.now(UTC)) if report.accepted else None
    if as_json:
        print_json({"id": stored.id if stored else None, "report": report.model_dump(mode="json")})
    else:
        typer.echo(terminal.report(report))
    if stored is None:
        raise typer.Exit(TheirError.exit_code)
    if not as_json:
        typer.echo(f"\nStored as {stored.id}. Follow it with:")
        typer.echo(f"  python -m submissions status {stored.id} --arena {arena}")


@app.command()
def status(
    ulid: Annotated[str, typer.Argument(metavar="ID", help="What `submit` printed.")],
    arena: ArenaFolder,
    as_json: AsJson = False,
) -> None:
    """Say where a submission stands, and what it scored."""
    where = open_arena(arena)
    history = where.history(ulid.upper())
    result = where.result(history.submission) if history.submission in where.published() else None
    if as_json:
        totals = [total.model_dump(mode="json") for total in result.totals] if result else None
        print_json({"state": history.now.state, **history.model_dump(mode="json"), "totals": totals})
        return
    typer.echo(terminal.history(history))
    if result:
        terminal.totals(result)


@app.command()
def download(
    ulid: Annotated[str, typer.Argument(metavar="ID", help="What `submit` printed.")],
    arena: ArenaFolder,
    to: Annotated[Path, typer.Option(metavar="DIR", help="A folder that does not exist yet.")],
    as_json: AsJson = False,
) -> None:
    """Write a submission, and its result once that is published, into a new folder."""
    written = download_submission(open_arena(arena), ulid.upper(), to)
    if as_json:
        print_json({"folder": str(to), "files": written})
        return
    typer.echo(f"Wrote {len(written)} file(s) to {to}.")
    if "result.json" not in written:
        typer.echo("There is no result yet; `status` says where the submission stands.")


def _report(sources: list[Path], tasks: Sequence[Task], into: Path, track: str) -> Report:
    with progress("checking") as bar:
        return check_sources(sources, tasks, into=into, track=track_named(track), progress=bar)


def _tasks(arena: str | None, benchmark: str | None, file: Path | None) -> tuple[Task, ...]:
    if [arena, benchmark, file].count(None) != 2:
        raise typer.BadParameter("give exactly one of --arena, --benchmark and --tasks")
    if arena is not None:
        return open_arena(arena).tasks()
    if benchmark is not None:
        return open_benchmark(benchmark).tasks()
    assert file is not None
    if not file.is_file():
        raise NotFound(f"No file {file} with tasks: check the name.")
    return parse_lines(str(file), file.read_bytes(), Task)
