"""Shared by our command lines: exit codes, one JSON document for machines, a progress bar for people.

Exit codes: 0 done or accepted; 1 rejected, or a mistake in the command; 2 our failure; 130 interrupted (Ctrl-C).
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from submissions.errors import ArenaError, OurError, TheirError
from submissions.storage.disk_faults import explain_disk_fault

Progress = Callable[[str, int, int], None]
"""Progress callback: receives the current step, the amount done, and the total."""

INTERRUPTED = 130
"""The exit code that shells give to a program ended by SIGINT (128 + 2)."""


def run_app(app: typer.Typer, name: str, arguments: Sequence[str]) -> int:
    """Run a command of the package `name`; return the exit code."""
    sys.excepthook = _excepthook
    try:
        # Not app(…), which would replace our hook for uncaught exceptions by its own.
        typer.main.get_command(app)(list(arguments), prog_name=_typed_program(name))
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as end:
        # typer exits for Ctrl-C: with 130 in a command, but with Abort in a prompt, which becomes exit code 1.
        if end.code == INTERRUPTED or isinstance(end.__context__, typer.Abort):
            return INTERRUPTED
        # typer exits with 2 for a usage error, which is not our failure.
        return TheirError.exit_code if end.code else 0
    except ArenaError as error:
        return _print_error(str(error), error.exit_code, arguments)
    except OSError as error:
        fault = explain_disk_fault(error)
        message = str(fault) if fault else f"The machine failed, not the submission: {error}."
        return _print_error(message, OurError.exit_code, arguments)
    return 0


def _typed_program(package: str) -> str:
    """Return the program as typed: a console script of the wheel, or `python -m <package>`."""
    script = Path(sys.argv[0]).name
    return script if script.split("-")[0] == "arena" else f"python -m {package}"


def print_json(document: object) -> None:
    """Print the single document of `--json`."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1))


@contextmanager
def show_progress(first: str) -> Iterator[Progress]:
    """Show a progress bar on stderr; nothing if stderr is no terminal."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        line = bar.add_task(first, total=None)
        yield lambda name, done, of: bar.update(line, description=escape(name), completed=done, total=of)


def _print_error(message: str, code: int, arguments: Sequence[str]) -> int:
    typer.echo(message, err=True)
    if "--json" in arguments:
        print_json({"error": message, "fault": "submission" if code == TheirError.exit_code else "evaluator"})
    return code


def _excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Exit with our own failure code instead of Python's 1, which means the submitter's."""
    traceback.print_exception(kind, error, trace)
    raise SystemExit(OurError.exit_code)
