"""Command line: `python -m curation init`, `import-flat`, `import-official` and `verify`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from curation.arena_setup.create_arena import create_arena
from curation.importers.dataset_research.importer import import_official
from curation.importers.dataset_research.release import Options
from curation.layout.benchmark_writer import ImportReport, import_flat
from curation.layout.flat_reader import InvalidBenchmark
from curation.layout.verify import verify_benchmark as verify_benchmark
from submissions.cli.runtime import print_json, show_progress
from submissions.errors import NotFound
from submissions.records.check_report import Problem
from submissions.storage.locations import is_hub_url, open_repo, sibling_location

app = typer.Typer(
    help="Build a benchmark. Exit codes: 0 done, 1 an error for you to fix, 2 a failure on our side.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


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
    with _report_invalid(as_json), show_progress("reading tasks") as bar:
        done = import_flat(source, dest, bar)
    if _print_import(done, as_json):
        return
    if done.changed:
        typer.echo(f"Imported {done.tasks} tasks with {done.rows} reference rows into {dest}.")
    else:
        typer.echo(f"Nothing changed: {dest} already has these {done.tasks} tasks.")


@app.command("import-official")
def official_command(
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
    with _report_invalid(as_json), show_progress("reading tasks") as bar:
        done = import_official(source, dest, Options(registry, domains, skip_missing), bar)
    if _print_import(done, as_json):
        return
    if done.changed:
        left = f", skipping {len(done.skipped)} without a reference" if done.skipped else ""
        typer.echo(f"Imported {done.tasks} tasks with {done.rows} reference rows into {dest}{left}.")
    else:
        typer.echo(f"Nothing changed: {dest} already has these {done.tasks} tasks.")


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
        _print_problems(problems, f"{where} has {len(problems)} problem(s).", as_json)
        raise typer.Exit(1)
    if as_json:
        print_json({"sound": True, "problems": []})
    else:
        typer.echo(f"Benchmark {where} is valid.")


def _print_import(done: ImportReport, as_json: bool) -> bool:
    """Print an import's warnings, and all of it as JSON; return whether nothing is left to print."""
    if as_json:
        warnings = [problem.model_dump() for problem in done.warnings]
        print_json({**done.model_dump(exclude={"warnings"}), "problems": warnings})
        return True
    for warned in done.warnings:
        typer.echo(f"warning: {warned}", err=True)
    return False


@contextmanager
def _report_invalid(as_json: bool) -> Iterator[None]:
    """Report every problem of an import in the requested format; other errors pass through."""
    try:
        yield
    except InvalidBenchmark as error:
        _print_problems(error.problems, str(error), as_json)
        raise typer.Exit(error.exit_code) from error


def _print_problems(problems: tuple[Problem, ...], summary: str, as_json: bool) -> None:
    if as_json:
        print_json({"error": summary, "problems": [problem.model_dump() for problem in problems]})
        return
    for problem in problems:
        typer.echo(str(problem), err=True)
    typer.echo(summary, err=True)
