"""The command `import-official`: the published DatasetResearch release as a benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curation.cli_output import AsJson, print_import, report_invalid
from curation.importers.dataset_research.importer import import_official
from curation.importers.dataset_research.release import Options
from submissions.cli.runtime import show_progress

NAME = "import-official"


def run_command(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Folder of the published release.")],
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A new or empty folder for the benchmark.")],
    registry: Annotated[
        Path | None, typer.Option(help="LLaMA-Factory's dataset_info.json, which maps references to files.")
    ] = None,
    domains: Annotated[
        Path | None, typer.Option(help="A list of tasks whose metadata has knowledge or reasoning, if SRC's does not.")
    ] = None,
    skip_missing: Annotated[bool, typer.Option("--skip-missing", help="Skip tasks without reference.")] = False,
    as_json: AsJson = False,
) -> None:
    """Convert the published DatasetResearch release to a benchmark, with its published scores."""
    with report_invalid(as_json), show_progress("reading tasks") as bar:
        done = import_official(source, dest, Options(registry, domains, skip_missing), bar)
    if print_import(done, as_json):
        return
    if done.changed:
        left = f", skipping {len(done.skipped)} without a reference" if done.skipped else ""
        typer.echo(f"Imported {done.tasks} tasks with {done.rows} reference rows into {dest}{left}.")
    else:
        typer.echo(f"Nothing changed: {dest} already has these {done.tasks} tasks.")
