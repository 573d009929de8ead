"""Console output for people: a report, a history, a table of totals."""

from __future__ import annotations

import math
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from submissions.checking.problem_list import escape_text
from submissions.estimation.durations import format_amount_range, format_duration, format_duration_range
from submissions.estimation.estimate import Estimate
from submissions.index.result_tables import scale_name, total_table
from submissions.records.check_report import Problem, Report
from submissions.records.result import Result
from submissions.records.status import History, Status
from submissions.repair.repair import RepairChange, RepairResult

_SCALES = {
    "gain": "gain (0 = base model, 1 = trained on the real data)",
    "ratio": "score / reference score (1 = trained on the real data)",
}


def format_report(report: Report) -> str:
    """Format a check report in lines, ending with the verdict."""
    lines = [_format_problem(problem) for problem in report.problems]
    rows = sum(file.rows for file in report.files)
    lines.append(f"{len(report.files)} valid file(s) with {rows:,} rows; {len(report.missing)} task(s) have no file.")
    if report.accepted and report.missing:
        lines.append("A task without a file counts as no gain.")
    lines.append("Accepted." if report.accepted else f"Refused: {len(report.errors)} error(s).")
    return "\n".join(lines)


def format_estimate(found: Estimate) -> str:
    """Format an evaluation's estimate and its basis in one line."""
    basis = (
        f"from {found.evaluations} measured evaluations"
        if found.evaluations
        else "planned from the machine's profile, not measured"
    )
    price = f", {format_amount_range(found.price, '$')}" if found.price else ""
    return (
        f"Its evaluation under {escape_text(found.protocol)} will take about {format_duration(found.seconds.middle)} "
        f"({format_duration_range(found.seconds)}) on {escape_text(found.profile)}, "
        f"{format_amount_range(found.device_hours)} "
        f"device-hours{price}: {basis}."
    )


def format_repair(fixed: RepairResult) -> str:
    """Format the repairs, file by file, and the check of the corrected delivery."""
    if not fixed.corrections and fixed.remaining.accepted:
        return f"Nothing to fix: the files pass the check.\n\n{format_report(fixed.remaining)}"
    if not fixed.corrections:
        return f"Nothing could be fixed without guessing.\n\n{format_report(fixed.remaining)}"
    lines = [f"{one.file} -> {one.name}\n" + "\n".join(map(_format_change, one.changes)) for one in fixed.corrections]
    return "\n".join([*lines, "", "Check of the fixed files:", format_report(fixed.remaining)])


def format_history(history: History) -> str:
    """Format a submission's history, oldest first, with the end of the log for a failure."""
    lines = [f"{history.submission}: {history.now.state}"]
    for entry in history.entries:
        lines.append(f"  {entry.time:%Y-%m-%d %H:%M:%S %Z}  {_format_status(entry)}  {escape_text(entry.message, 300)}")
        lines += [f"    | {escape_text(line, 300)}" for line in entry.log_tail.splitlines()]
    return "\n".join(lines)


def _format_status(entry: Status) -> str:
    state = f"{entry.state}: {entry.stage}" if entry.stage else entry.state
    if entry.place is None:
        return f"{state} {entry.done or 0}/{entry.of}" if entry.of else state
    state += f" (place {entry.place}" + (f" of {entry.of}" if entry.of else "")
    start = f"{entry.expected_start:%Y-%m-%d %H:%M %Z}" if entry.expected_start else ""
    return f"{state}, expected to start {start})" if start else f"{state})"


Shown = Literal["published", "private", "preview"] | None
"""Audience of a result; a preview has no fine-tuning yet."""
_REMARKS: dict[Shown, str] = {"private": " (private)", "preview": " (preview: before fine-tuning)"}


def print_totals(result: Result, to: Shown = "published") -> None:
    """Print the totals of a result, one line per method, subset and group."""
    scale = scale_name(result.totals[0].gain) if result.totals else "gain"
    remark = _REMARKS.get(to, "")
    # Text, not str: rich would parse [brackets] in a system's name as markup.
    table = Table(
        title=Text(f"{escape_text(result.system)} under {result.protocol}{remark}: {_SCALES.get(scale, scale)}")
    )
    for column in ("method", "subset", "group", "gain", "95% interval", "median", "tasks"):
        table.add_column(column, justify="left" if column in ("method", "subset", "group") else "right")
    for row in total_table(result).itertuples():
        interval = f"{_format_number(row.low)} to {_format_number(row.high)}"
        cells = (
            row.method,
            row.subset,
            row.group,
            _format_number(row.gain),
            interval,
            _format_number(row.median),
            str(row.n),
        )
        table.add_row(*(Text(str(cell)) for cell in cells))
    Console().print(table)


def _format_problem(problem: Problem) -> str:
    return f"{problem.level:7}  {problem}"


def _format_change(change: RepairChange) -> str:
    lines = f" Lines {', '.join(map(str, change.lines))}{', …' if change.count > len(change.lines) else ''}."
    return f"  {change.what}{lines if change.lines else ''}"


def _format_number(value: object) -> str:
    return f"{value:z.3f}" if isinstance(value, float) and not math.isnan(value) else "-"
