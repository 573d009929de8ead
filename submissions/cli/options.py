"""Arguments and options shared by several commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from submissions.tracks import TRACKS

Sources = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE", help="One folder, one zip, files named <task id>.jsonl, or hf://datasets/OWNER/NAME@REVISION."
    ),
]
Id = Annotated[str, typer.Argument(metavar="ID", help="The submission's id, printed by `submit`.")]
ArenaFolder = Annotated[str, typer.Option("--arena", metavar="DIR", help="Folder of the arena, or hf://ORG/PREFIX.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Track = Annotated[str, typer.Option(help=f"Track of the data: {', '.join(TRACKS)}.")]
DEFAULT_TRACK = next(iter(TRACKS))
