"""`python -m leaderboard case | reports`: an organiser's commands for adding content to the site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leaderboard.pages.cases.case_file import read_case
from leaderboard.pages.cases.library import FOLDER
from submissions.arena.arena import commit_with_retry, open_arena
from submissions.records.self_reported import read_reports, reports_path
from submissions.storage.repo import Change
from submissions.tracks import get_track

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Check case studies and self-reported figures, and publish them."
)
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file to check.")]
Where = Annotated[str, typer.Option(help="Save the valid file to this arena.")]


@app.command()
def case(file: File, arena: Where = "") -> None:
    """Check a case study: Markdown with front matter."""
    written = read_case(file.name, file.read_bytes())
    _commit_change(Change(f"{FOLDER}{written.slug}.md", file), arena)


@app.command()
def reports(file: File, track: str = "dataset_research", arena: Where = "") -> None:
    """Check a file of self-reported figures, which replaces the track's last one."""
    path = reports_path(get_track(track).name)
    read_reports(file.name, file.read_bytes(), [group.key for group in get_track(track).groups])
    _commit_change(Change(path, file), arena)


def _commit_change(change: Change, arena: str) -> None:
    if arena:
        commit_with_retry(open_arena(arena, is_checked=True).results, [change])
    typer.echo(f"{change.path} is valid." + (f" Saved to {arena}." if arena else ""))
