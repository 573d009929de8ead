"""What the command line shows to people: a report, a history, a table of totals."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table
from rich.text import Text

from submissions.listing import shown
from submissions.models import History, Result
from submissions.report import Problem, Report
from submissions.tables import scale_name, total_table

_SCALES = {"gain": "gain (0 untouched, 1 as the real data)", "ratio": "score / reference score (1 as the real data)"}


def report(report: Report) -> str:
    """A verdict in lines, ending with what it comes to."""
    lines = [_problem(problem) for problem in report.problems]
    rows = sum(file.rows for file in report.files)
    lines.append(
        f"{len(report.files)} file(s) with {rows:,} rows are good; {len(report.missing)} task(s) have no file."
    )
    if report.accepted and report.missing:
        lines.append("A task without a file counts as no gain.")
    lines.append("Accepted." if report.accepted else f"Refused: {len(report.errors)} error(s).")
    return "\n".join(lines)


def history(history: History) -> str:
    """All that happened to a submission, oldest first."""
    lines = [f"{history.submission}: {history.now.state}"]
    for entry in history.entries:
        done = f" {entry.done}/{entry.of}" if entry.of else ""
        place = f" (place {entry.place} in the queue)" if entry.place else ""
        state = f"{entry.state}{f': {entry.stage}' if entry.stage else ''}{done}{place}"
        lines.append(f"  {entry.time:%Y-%m-%d %H:%M:%S %Z}  {state}  {shown(entry.message, 300)}")
    return "\n".join(lines)


def totals(result: Result) -> None:
    """Print what a result comes to, one line per method, subset and group."""
    scale = scale_name(result.totals[0].gain) if result.totals else "gain"
    # Text, not str: rich would read [brackets] in a system's name as markup.
    table = Table(title=Text(f"{shown(result.system)} under {result.protocol}: {_SCALES.get(scale, scale)}"))
    for column in ("method", "subset", "group", "gain", "95% interval", "median", "tasks"):
        table.add_column(column, justify="left" if column in ("method", "subset", "group") else "right")
    for row in total_table(result).itertuples():
        interval = f"{_number(row.low)} to {_number(row.high)}"
        cells = (row.method, row.subset, row.group, _number(row.gain), interval, _number(row.median), str(row.n))
        table.add_row(*(Text(str(cell)) for cell in cells))
    Console().print(table)


def _problem(problem: Problem) -> str:
    return f"{problem.level:7}  {problem}"


def _number(value: object) -> str:
    return f"{value:z.3f}" if isinstance(value, float) and not math.isnan(value) else "-"
