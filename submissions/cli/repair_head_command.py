"""The command `repair-head`: writes a new head where a disk damaged an arena's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from submissions.cli.options import AsJson
from submissions.cli.runtime import print_json
from submissions.errors import NotFound
from submissions.storage.local_repo import LocalRepo
from submissions.storage.locations import REPOSITORIES


def repair_head(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the arena.")], as_json: AsJson = False
) -> None:
    """Write a new head for each repository of an arena whose own is damaged; change nothing else."""
    there = [name for name in REPOSITORIES if (folder / name).is_dir()]
    if not there:
        raise NotFound(f"{folder} has no repository of an arena: there are {', '.join(REPOSITORIES)}.")
    repaired = [name for name in there if LocalRepo(folder / name).repair_head()]
    if as_json:
        print_json({"repaired": repaired})
    else:
        typer.echo(f"Wrote a new head in: {', '.join(repaired)}." if repaired else "No head is damaged.")
