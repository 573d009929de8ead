"""Terminal summary of the model screen: counts and line numbers, no text of a row."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evaluator.stages.model_screen.pair_findings import ReportSummary, StageUsage, TaskScreening

_WIDTH = 140
"""Columns elsewhere than on a terminal."""


def print_screening(summary: ReportSummary) -> None:
    """Print a line per task, the cost, and how complete the report is."""
    console = Console()
    console = console if console.is_terminal else Console(width=_WIDTH)
    console.print(_make_table(summary.tasks))
    for line in format_summary(summary):
        console.print(Text(line))


def format_summary(summary: ReportSummary) -> list[str]:
    """Format what a reader must know beside the table."""
    found = sum(task.found for task in summary.tasks)
    judged = any(usage.stage == "judge" for usage in summary.end.usage)
    verb = "are a test row in other words, by the judge" if judged else "are as similar to a test row as the limit says"
    lines = [f"{found} row pair(s) {verb}. Read them in {summary.report}; nothing else was changed."]
    if gaps := [task.task for task in summary.tasks if not task.is_scored]:
        lines.append(f"Not everything was looked at in {', '.join(gaps)}: see the columns and the report.")
    if summary.end.missing:
        lines.append(f"Not looked at: {', '.join(summary.end.missing)}.")
    lines += [_format_usage(usage) for usage in summary.end.usage]
    lines.append("The report quotes hidden rows: keep it private, and never put it into the results repository.")
    return lines


def _make_table(tasks: tuple[TaskScreening, ...]) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column("task", no_wrap=True)
    for heading in (
        "rows",
        "copies",
        "beyond",
        "threshold",
        "pairs",
        "left out",
        "unscored",
        "cut",
        "verdicts",
        "found",
    ):
        table.add_column(heading, justify="right")
    for task in tasks:
        unscored = task.unscored_pairs + len(task.unscored_rows) + len(task.unscored_test_rows)
        cut = len(task.cut_rows) + len(task.cut_test_rows)
        cells = (
            *(f"{number}" for number in (task.rows, task.copies, task.beyond)),
            "-" if task.threshold is None else f"{task.threshold:.3f}",
            *(f"{number}" for number in (task.pairs, task.left_out, unscored, cut)),
            ", ".join(f"{count} {verdict}" for verdict, count in task.verdicts.items()) or "-",
            f"{task.found}" if task.is_scored else f"{task.found}+?",
        )
        table.add_row(Text(task.task), *map(Text, cells))
    return table


def _format_usage(usage: StageUsage) -> str:
    tokens = usage.tokens.prompt + usage.tokens.completion
    return f"{usage.stage}: {usage.model} has used {tokens:,} tokens ({usage.cost:.4g} in money) in all runs."
