"""The command line: `python -m curation import-flat SRC DEST` and `python -m curation verify DIR`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from curation.flat import Broken
from curation.layout import import_flat
from curation.verify import verify as verify_benchmark
from submissions.errors import ArenaError, NotFound
from submissions.local import LocalRepo
from submissions.report import Problem

app = typer.Typer(
    help="Build a benchmark. Exit codes: 0 done, 1 something for you to mend, 2 a fault of ours.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.command("import-flat")
def import_command(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A folder in the flat layout.")],
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A new or empty folder for the benchmark.")],
    as_json: AsJson = False,
) -> None:
    """Lay a flat folder (tasks.jsonl, references/<task>.jsonl) out as a benchmark with held-out test rows."""
    with _errors(as_json), _progress() as progress:
        done = import_flat(source, dest, progress)
    if as_json:
        typer.echo(json.dumps({**done.model_dump(), "problems": []}))
    elif done.changed:
        typer.echo(f"Imported {done.tasks} tasks with {done.rows} reference rows into {dest}.")
    else:
        typer.echo(f"Nothing changed: {dest} already holds these {done.tasks} tasks.")


@app.command("verify")
def verify_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A benchmark that import-flat made.")],
    as_json: AsJson = False,
) -> None:
    """Check a benchmark's checksums, schema and split."""
    with _errors(as_json), _progress() as progress:
        if not folder.is_dir():
            raise NotFound(f"No folder {folder}: name one that `python -m curation import-flat` made.")
        problems = verify_benchmark(LocalRepo(folder), progress)
    if problems:
        _report(problems, f"{folder} has {len(problems)} problem(s).", as_json)
        raise typer.Exit(1)
    typer.echo(json.dumps({"sound": True, "problems": []}) if as_json else f"{folder} is sound.")


@contextmanager
def _errors(as_json: bool) -> Iterator[None]:
    """Say what is wrong in the asked form and leave with the error's exit code."""
    try:
        yield
    except ArenaError as error:
        problems = error.problems if isinstance(error, Broken) else ()
        _report(problems, str(error), as_json)
        raise typer.Exit(error.exit_code) from error


def _report(problems: tuple[Problem, ...], summary: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"error": summary, "problems": [problem.model_dump() for problem in problems]}))
        return
    for problem in problems:
        typer.echo(str(problem), err=True)
    typer.echo(summary, err=True)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        line = bar.add_task("reading tasks", total=None)
        yield lambda name, done, total: bar.update(line, description=name, completed=done, total=total)
