"""The command `mirror`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from submissions.cli.options import AsJson
from submissions.cli.runtime import print_json, show_progress
from submissions.storage.commit_rate import CommitRateLimit


def mirror_command(
    source: Annotated[str, typer.Argument(metavar="FROM", help="Arena to copy: a folder, or hf://ORG/PREFIX.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Target: a folder, or hf://ORG/PREFIX.")],
    update: Annotated[
        bool, typer.Option("--update", help="Overwrite files in TO that differ; delete those that FROM lacks.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Copy only this repository; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy an arena to another location, from a folder to the Hub or back, and verify the copy."""
    # It takes half a second to import; other commands do not need it.
    from submissions.storage.locations import REPOSITORIES
    from submissions.storage.mirror import mirror_arena

    with show_progress("looking") as bar:
        # The Hub limits commits per hour: a copy waits for its next one.
        pace = CommitRateLimit(max_wait=timedelta(hours=2))
        done = mirror_arena(source, target, only=only or REPOSITORIES, update=update, pace=pace, progress=bar)
    if as_json:
        print_json({"repositories": [one.model_dump() for one in done]})
        return
    for one in done:
        typer.echo(
            f"{one.repository}: {one.files} file(s) unchanged; copied {one.copied} ({one.bytes:,} bytes) in "
            f"{one.commits} commit(s), deleted {one.deleted}."
        )
