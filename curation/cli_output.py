"""Output shared by the commands: an import's warnings, and the problems of an unsound source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from curation.layout.benchmark_writer import ImportReport
from curation.layout.flat_reader import InvalidBenchmark
from submissions.cli.runtime import print_json
from submissions.records.check_report import Problem

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def print_import(done: ImportReport, as_json: bool) -> bool:
    """Print an import's warnings, and all of it as JSON; return whether nothing is left to print."""
    if as_json:
        warnings = [problem.model_dump() for problem in done.warnings]
        print_json({**done.model_dump(exclude={"warnings"}), "problems": warnings})
        return True
    for warned in done.warnings:
        typer.echo(f"warning: {warned}", err=True)
    return False


@contextmanager
def report_invalid(as_json: bool) -> Iterator[None]:
    """Report every problem of an import in the requested format; other errors pass through."""
    try:
        yield
    except InvalidBenchmark as error:
        print_problems(error.problems, str(error), as_json)
        raise typer.Exit(error.exit_code) from error


def print_problems(problems: tuple[Problem, ...], summary: str, as_json: bool) -> None:
    """Print problems and a summary of them."""
    if as_json:
        print_json({"error": summary, "problems": [problem.model_dump() for problem in problems]})
        return
    for problem in problems:
        typer.echo(str(problem), err=True)
    typer.echo(summary, err=True)
