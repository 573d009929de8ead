"""Command line: `python -m curation init`, `import-flat`, `verify`, and the command of each importer.

An importer is a package in curation/importers; its module `command` has the NAME of its command and `run_command`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Annotated

import typer

from curation import importers
from curation.arena_setup.create_arena import create_arena
from curation.cli_output import AsJson, print_import, print_problems, report_invalid
from curation.layout.benchmark_writer import import_flat
from curation.layout.verify import verify_benchmark as verify_benchmark
from submissions.cli.runtime import print_json, show_progress
from submissions.errors import NotFound
from submissions.storage.locations import is_hub_url, open_repo, sibling_location

app = typer.Typer(
    help="Build a benchmark. Exit codes: 0 done, 1 an error for you to fix, 2 a failure on our side.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command("init")
def init_command(
    where: Annotated[str, typer.Argument(metavar="ARENA", help="A folder, or hf://ORG/PREFIX.")],
    licence: Annotated[
        str, typer.Option("--license", help="Licence of the results, by its name on the Hub: cc-by-4.0, apache-2.0 …")
    ] = "cc-by-4.0",
    as_json: AsJson = False,
) -> None:
    """Create an arena's repositories with the right visibility and a README each; check existing ones."""
    made = create_arena(where, licence)
    if as_json:
        print_json({"repositories": [one.model_dump() for one in made]})
        return
    for one in made:
        what = {
            "written": "README.md written",
            "same": "README.md is up to date",
            "kept": "its own README.md is unchanged",
        }
        typer.echo(f"{one.repository}: {'created' if one.created else 'exists'}; {what[one.readme]}.")
    if not is_hub_url(where):
        typer.echo(f"Import a benchmark into {sibling_location(where, 'benchmark')}, which must be new or empty.")


@app.command("import-flat")
def import_command(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A folder in the flat layout.")],
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A new or empty folder for the benchmark.")],
    as_json: AsJson = False,
) -> None:
    """Convert a flat folder (tasks.jsonl, references/<task>.jsonl) to a benchmark with held-out test rows."""
    with report_invalid(as_json), show_progress("reading tasks") as bar:
        done = import_flat(source, dest, bar)
    if print_import(done, as_json):
        return
    if done.changed:
        typer.echo(f"Imported {done.tasks} tasks with {done.rows} reference rows into {dest}.")
    else:
        typer.echo(f"Nothing changed: {dest} already has these {done.tasks} tasks.")


for importer in sorted(module.name for module in iter_modules(importers.__path__)):
    command = import_module(f"{importers.__name__}.{importer}.command")
    app.command(command.NAME)(command.run_command)


@app.command("verify")
def verify_command(
    where: Annotated[
        str, typer.Argument(metavar="DIR", help="A benchmark created by an import, or hf://ORG/PREFIX-benchmark.")
    ],
    as_json: AsJson = False,
) -> None:
    """Check a benchmark's checksums, schema and split."""
    if not is_hub_url(where) and not Path(where).is_dir():
        raise NotFound(f"No folder {where}: name one that `python -m curation` created.")
    with show_progress("reading tasks") as bar:
        problems = verify_benchmark(open_repo(where), bar)
    if problems:
        print_problems(problems, f"{where} has {len(problems)} problem(s).", as_json)
        raise typer.Exit(1)
    if as_json:
        print_json({"sound": True, "problems": []})
    else:
        typer.echo(f"Benchmark {where} is valid.")
