"""The command `download`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from submissions.arena.arena import open_arena
from submissions.cli.options import ArenaFolder, AsJson, Id
from submissions.cli.runtime import print_json
from submissions.submitting.download import download_submission as download_submission


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
        typer.echo("There is no result yet; `status` shows the submission's progress.")
