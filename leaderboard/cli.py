"""`python -m leaderboard case | reports`: an organiser's commands for adding content to the site."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from leaderboard.pages.cases.case_file import read_case
from leaderboard.pages.cases.library import FOLDER
from submissions.arena.arena import commit_with_retry, open_arena
from submissions.errors import CorruptRecord
from submissions.records.self_reported import SelfReports, read_reports, reports_path
from submissions.storage.repo import Change
from submissions.tracks import FIRST_TRACK, find_owner, find_track, get_track
from submissions.tracks.track import Track

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Check case studies and self-reported figures, and publish them."
)
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file to check.")]
TrackName = Annotated[str, typer.Option(help="The figures' board; by default the one of their protocol.")]
Where = Annotated[str, typer.Option(help="Save the valid file to this arena.")]


@app.command()
def case(file: File, arena: Where = "") -> None:
    """Check a case study: Markdown with front matter."""
    written = read_case(file.name, file.read_bytes())
    _commit_change(Change(f"{FOLDER}{written.slug}.md", file), arena)


@app.command()
def reports(file: File, track: TrackName = "", arena: Where = "") -> None:
    """Check a file of self-reported figures, which replaces the track's last one."""
    content = file.read_bytes()
    known = get_track(track) if track else _guess_track(content)
    _check_keys(file.name, read_reports(file.name, content, [group.key for group in known.groups]), known)
    _commit_change(Change(reports_path(known.name), file), arena)


def _check_keys(name: str, reports: SelfReports, track: Track) -> None:
    """Raise CorruptRecord for a figure that no view of the track's board shows."""
    for row in reports.rows:
        choices = {
            "method": (row.method, track.method_keys),
            "subset": (row.subset, track.subsets),
            "system_type": (row.system_type, track.system_type_keys),
        }
        for field, (value, known) in choices.items():
            if value not in known:
                raise CorruptRecord(f"{name}: {row.system}: no {field} {value!r} on {track.name}: {', '.join(known)}.")
        if (owner := find_owner(row.protocol)) and owner.name != track.name:
            raise CorruptRecord(f"{name}: {row.system}: {row.protocol} is a protocol of {owner.name}: see --track.")


def _guess_track(content: bytes) -> Track:
    """Return the track of the first figure's protocol; the first track for a file that names none."""
    with suppress(ValueError, TypeError, LookupError):
        return find_track(str(json.loads(content)["rows"][0]["protocol"]))
    return get_track(FIRST_TRACK)


def _commit_change(change: Change, arena: str) -> None:
    if arena:
        commit_with_retry(open_arena(arena, is_checked=True).results, [change])
    typer.echo(f"{change.path} is valid." + (f" Saved to {arena}." if arena else ""))
