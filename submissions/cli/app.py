"""The command line of a submitter: check, fix, submit, status, download, withdraw, retry, publish, mirror.

Exit codes: 0 done or accepted; 1 refused, or a mistake in the command; 2 our failure.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from submissions.arena.arena import Arena, list_protocols, open_arena
from submissions.arena.benchmark import open_benchmark
from submissions.checking.check import check_sources as check_sources
from submissions.checking.limits import MOST_BYTES
from submissions.cli import console as terminal
from submissions.cli.console import Shown
from submissions.cli.runtime import print_json, show_progress
from submissions.errors import NotFound, TheirError
from submissions.estimation.estimates import estimate_all
from submissions.records.check_report import Report
from submissions.records.owner_requests import OwnerRequest, filter_authorized
from submissions.records.result import Result
from submissions.records.submission import PinnedFile, SystemType
from submissions.records.task import Task
from submissions.repair.repair import repair_sources as fix_sources
from submissions.storage.codec import parse_lines
from submissions.storage.commit_rate import CommitRateLimit
from submissions.submitting import request_rules as asking
from submissions.submitting.download import download_submission as download_submission
from submissions.submitting.request_rules import RequestKind
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS, get_track

app = typer.Typer(
    help="Check, deliver and follow data sets for the DatasetResearch Arena.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Sources = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE", help="One folder, one zip, files named <task id>.jsonl, or hf://datasets/OWNER/NAME@REVISION."
    ),
]
Id = Annotated[str, typer.Argument(metavar="ID", help="What `submit` printed.")]
ArenaFolder = Annotated[
    str, typer.Option("--arena", metavar="DIR", help="The folder of the arena, or hf://ORG/PREFIX.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Track = Annotated[str, typer.Option(help=f"The board that the data is for: {', '.join(TRACKS)}.")]
DEFAULT_TRACK = next(iter(TRACKS))
_ON_HUB = re.compile(r"([a-z0-9-]+=)?hf:/datasets/")
"""As a path shows hf://datasets/owner/name."""


@app.command()
def check(
    source: Sources,
    arena: Annotated[str | None, typer.Option(metavar="DIR", help="Take the tasks of this arena.")] = None,
    benchmark: Annotated[str | None, typer.Option(metavar="DIR", help="Take the tasks of this benchmark.")] = None,
    tasks: Annotated[Path | None, typer.Option(metavar="FILE.jsonl", help="Take the tasks in this file.")] = None,
    track: Track = DEFAULT_TRACK,
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong with a delivery and, of an arena, what its evaluation will take; store nothing."""
    known = _load_tasks(arena, benchmark, tasks)
    with tempfile.TemporaryDirectory() as into, _fetch_sources(source, known) as (paths, _):
        report = _check_with_progress(paths, known, Path(into), track)
        where = open_arena(arena, is_checked=True) if arena and report.accepted else None
        foretold = estimate_all(where, report, Path(into)) if where else []
    if as_json:
        estimates = [one.document for one in foretold]
        print_json({"accepted": report.accepted, **report.model_dump(mode="json"), "estimates": estimates})
    else:
        typer.echo("\n".join([terminal.format_report(report), *map(terminal.format_estimate, foretold)]))
    if not report.accepted:
        raise typer.Exit(TheirError.exit_code)


@app.command()
def fix(
    source: Sources,
    to: Annotated[Path, typer.Option(metavar="DIR", help="A folder that does not exist yet.")],
    arena: Annotated[str | None, typer.Option(metavar="DIR", help="Take the tasks of this arena.")] = None,
    benchmark: Annotated[str | None, typer.Option(metavar="DIR", help="Take the tasks of this benchmark.")] = None,
    tasks: Annotated[Path | None, typer.Option(metavar="FILE.jsonl", help="Take the tasks in this file.")] = None,
    track: Track = DEFAULT_TRACK,
    as_json: AsJson = False,
) -> None:
    """Mend what can be mended without guessing, into a new folder; say what was changed and what remains."""
    if to.exists():
        raise typer.BadParameter(f"{to} is there already; name a new folder")
    known = _load_tasks(arena, benchmark, tasks)
    to.mkdir(parents=True)
    fixed = fix_sources(source, known, into=to, track=get_track(track))
    if as_json:
        print_json(fixed.model_dump(mode="json"))
    else:
        typer.echo(terminal.format_repair(fixed))
    if fixed.remaining is None:
        to.rmdir()
    elif fixed.remaining.accepted:
        return
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
    webhook: Annotated[str, typer.Option(metavar="URL", help="Where to be told of what happens to it; https.")] = "",
    webhook_secret: Annotated[
        str, typer.Option(envvar="ARENA_WEBHOOK_SECRET", help="Signs what is sent there.", show_default=False)
    ] = "",
    private: Annotated[bool, typer.Option("--private", help="Keep the result back until `publish`.")] = False,
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
        "webhook": webhook,
        "webhook_secret": webhook_secret,
    }
    delivery = SubmissionForm.from_form(form)
    where = open_arena(arena, is_checked=True)
    with tempfile.TemporaryDirectory() as into, _fetch_sources(source, tasks := where.read_tasks()) as (paths, pins):
        report = _check_with_progress(paths, tasks, Path(into), track)
        now, data = datetime.now(UTC), Path(into)
        provenance = delivery.provenance.model_copy(update={"fetched": pins})
        delivery = delivery.model_copy(update={"provenance": provenance})
        stored = store_submission(where, report, data, delivery, now, private=private) if report.accepted else None
    if as_json:
        print_json({"id": stored.id if stored else None, "report": report.model_dump(mode="json")})
    else:
        typer.echo(terminal.format_report(report))
    if stored is None:
        raise typer.Exit(TheirError.exit_code)
    if not as_json:
        typer.echo(f"\nStored as {stored.id}. Follow it with:")
        typer.echo(f"  python -m submissions status {stored.id} --arena {arena}")


@app.command()
def status(
    ulid: Id,
    arena: ArenaFolder,
    as_json: AsJson = False,
) -> None:
    """Say where a submission stands, what it scored up to now, and what can be done."""
    where = open_arena(arena, is_checked=True)
    history = where.read_history(ulid.upper())
    shown, result = _find_latest_result(where, history.submission)
    if as_json:
        totals = [total.model_dump(mode="json") for total in result.totals] if result else None
        document = {"state": history.now.state, **history.model_dump(mode="json"), "totals": totals}
        print_json({**document, "totals_are": shown})
        return
    typer.echo(terminal.format_history(history))
    if advice := asking.describe_next_step(history):
        typer.echo(advice)
    if result:
        terminal.print_totals(result, shown)


@app.command()
def withdraw(ulid: Id, arena: ArenaFolder, as_json: AsJson = False) -> None:
    """Take a submission back: out of the line, or its result off the boards. This is final; its history stays."""
    _store_request(arena, ulid, "withdraw", as_json)


@app.command()
def retry(ulid: Id, arena: ArenaFolder, as_json: AsJson = False) -> None:
    """Have a submission that failed tried again, before all that wait."""
    _store_request(arena, ulid, "retry", as_json)


@app.command()
def publish(
    ulid: Id,
    arena: ArenaFolder,
    samples: Annotated[bool, typer.Option("--samples", help="Show the first rows of each data set, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the result of a private submission to all."""
    _store_request(arena, ulid, "publish", as_json, samples=samples)


@app.command()
def download(
    ulid: Id,
    arena: ArenaFolder,
    to: Annotated[Path, typer.Option(metavar="DIR", help="A folder that does not exist yet.")],
    as_json: AsJson = False,
) -> None:
    """Write a submission, and its result once that is published, into a new folder."""
    written = download_submission(open_arena(arena, is_checked=True), ulid.upper(), to)
    if as_json:
        print_json({"folder": str(to), "files": written})
        return
    typer.echo(f"Wrote {len(written)} file(s) to {to}.")
    if "result.json" not in written:
        typer.echo("There is no result yet; `status` says where the submission stands.")


@app.command("mirror")
def mirror_command(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The arena to copy: a folder, or hf://ORG/PREFIX.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Where to: a folder, or hf://ORG/PREFIX.")],
    update: Annotated[
        bool, typer.Option("--update", help="Overwrite and delete what TO has and FROM has otherwise or not.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="This repository alone; may be given more than once.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy an arena to another place, from a folder to the Hub or back, and verify the copy."""
    from submissions.storage.mirror import (  # half a second, which the other commands need not pay
        REPOSITORIES,
        mirror_arena,
    )

    with show_progress("looking") as bar:
        # The Hub takes so many commits an hour; a copy waits for the next one.
        pace = CommitRateLimit(max_wait=timedelta(hours=2))
        done = mirror_arena(source, target, only=only or REPOSITORIES, update=update, pace=pace, progress=bar)
    if as_json:
        print_json({"repositories": [one.model_dump() for one in done]})
        return
    for one in done:
        typer.echo(
            f"{one.repository}: {one.files} file(s) are the same in both; copied {one.copied} ({one.bytes:,} bytes) in "
            f"{one.commits} commit(s), deleted {one.deleted}."
        )


def _store_request(arena: str, ulid: str, kind: RequestKind, as_json: bool, *, samples: bool = False) -> None:
    """Store a wish for the evaluator. Raises TheirError where nothing would come of it."""
    where, ulid = open_arena(arena, is_checked=True), ulid.upper()
    submission, history = where.read_submission(ulid), where.read_history(ulid)
    wishes = filter_authorized(where.read_owner_requests(ulid), submission.owner)
    if refusal := asking.rejection_reason(kind, submission, history.now.state, wishes):
        raise TheirError(f"Nothing to {kind}: {refusal}")
    # By nobody: who may write in the arena's folder may ask for anything in it.
    where.add_owner_request(ulid, OwnerRequest(kind=kind, by="", time=datetime.now(UTC), samples=samples))
    if as_json:
        print_json({"id": ulid, "asked": kind, "state": history.now.state})
    else:
        typer.echo(f"Asked to {kind} {ulid}. The evaluator does it before its next task.")


def _find_latest_result(arena: Arena, ulid: str) -> tuple[Shown, Result | None]:
    """The most that is known of a submission: its result, one that is held back, or the few-shot scores alone."""
    ways: tuple[tuple[Shown, dict[str, list[str]], Callable[[str, str], Result]], ...] = (
        ("published", arena.published_protocols(), arena.read_result),
        ("private", arena.draft_protocols(), arena.read_draft),
        ("preview", list_protocols(arena.results, "previews"), arena.read_preview),
        ("preview", list_protocols(arena.drafts, "previews"), arena.read_draft_preview),
    )
    for shown, found, read in ways:
        if ulid in found:
            return shown, read(ulid, found[ulid][0])
    return None, None


def _check_with_progress(sources: list[Path], tasks: Sequence[Task], into: Path, track: str) -> Report:
    with show_progress("checking") as bar:
        return check_sources(sources, tasks, into=into, track=get_track(track), progress=bar)


@contextmanager
def _fetch_sources(sources: list[Path], tasks: Sequence[Task]) -> Iterator[tuple[list[Path], tuple[PinnedFile, ...]]]:
    """What is delivered, with what the Hub's data sets among it are fetched to. Raises Unfit, Unreachable."""
    named = [str(source).replace("hf:/", "hf://", 1) for source in sources if _ON_HUB.match(str(source))]
    if not named:
        yield sources, ()
        return
    from submissions.checking.hub_datasets import (  # half a second, which files need not pay
        download_datasets,
        parse_hub_datasets,
    )

    with tempfile.TemporaryDirectory() as into:
        fetched = download_datasets(parse_hub_datasets("\n".join(named)), tasks, Path(into), MOST_BYTES)
        yield [source for source in sources if not _ON_HUB.match(str(source))] + list(fetched.files), fetched.pins


def _load_tasks(arena: str | None, benchmark: str | None, file: Path | None) -> tuple[Task, ...]:
    if [arena, benchmark, file].count(None) != 2:
        raise typer.BadParameter("give exactly one of --arena, --benchmark and --tasks")
    if arena is not None:
        return open_arena(arena, is_checked=True).read_tasks()
    if benchmark is not None:
        return open_benchmark(benchmark).read_tasks()
    assert file is not None
    if not file.is_file():
        raise NotFound(f"No file {file} with tasks: check the name.")
    return parse_lines(str(file), file.read_bytes(), Task)
