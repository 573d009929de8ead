"""`rescore`: computes a result again from its stored answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli.command_options import AsJson, output_result


def rescore_folder(
    folder: Annotated[
        Path, typer.Argument(metavar="RESULT_DIR", help="The --out of `score`, or work/results/<id>/<protocol>.")
    ],
    protocol: Annotated[str, typer.Option(help="Other protocol for the same answers; default: its own.")] = "",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the Result here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute a Result from the stored answers, without a GPU."""
    from evaluator.tracks.protocols import load_protocol
    from evaluator.tracks.rescore import matches_stored, rescore
    from submissions.storage.atomic import atomic_write
    from submissions.storage.codec import to_json

    wanted = load_protocol(protocol) if protocol else None
    result = rescore(folder, wanted)
    if out is not None:
        atomic_write(out, to_json(result))
    output_result(result, as_json)
    same = matches_stored(folder, result)
    if not as_json:
        other = "was made under another protocol, or by another version of the evaluator: nothing to compare"
        typer.echo(f"{folder / 'result.json'} {'is identical, bit for bit' if same else other}.")
