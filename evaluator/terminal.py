"""What the evaluator's command line shows to people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evaluator.gain import admitted
from submissions.models import Anchors, Method, MethodScore, Result, Score, TaskResult


def result_table(result: Result) -> None:
    """Print a result: a line per task with every method's score and gain, then the totals."""
    methods = list(dict.fromkeys(total.method for total in result.totals))
    table = Table(title=Text(f"{result.system} under {result.protocol}: score (gain)"))
    table.add_column("task")
    for name in ("rows", "removed", "base", "reference", *methods):
        table.add_column(name.replace("_", " "), justify="right")
    for task in result.tasks:
        ends = (_number(task.base), _number(task.reference))
        cells = (_of(task, method) for method in methods)
        table.add_row(Text(task.task), str(task.rows), str(task.removed), *ends, *cells)
    table.add_section()
    for subset, group in dict.fromkeys((total.subset, total.group) for total in result.totals):
        found = {total.method: total for total in result.totals if (total.subset, total.group) == (subset, group)}
        gains = (_number(found[method].gain) for method in methods)
        tasks = max((total.gain.n for total in found.values()), default=0)
        table.add_row(f"mean gain, {subset}, {group} ({tasks} tasks)", "", "", "", "", *gains)
    Console().print(table)
    if result.flagged:
        Console().print(Text(f"Flagged: {result.flagged}"))


def anchor_table(anchors: Anchors) -> None:
    """Print the two ends of every task's scale, and which tasks cannot be counted."""
    table = Table(title=Text(f"Anchors under {anchors.protocol}"))
    table.add_column("task")
    for name in ("items", "base", "reference", "noise", "counts"):
        table.add_column(name, justify="right")
    for task, anchor in anchors.tasks.items():
        cells = (_number(anchor.base), _number(anchor.reference), f"{anchor.noise:.3f}")
        table.add_row(Text(task), str(anchor.reference.n), *cells, "yes" if admitted(anchor) else "no")
    Console().print(table)


def _of(task: TaskResult, method: Method) -> str:
    scores: dict[Method, MethodScore] = {score.method: score for score in task.methods}
    if method not in scores:
        return "missing"
    return f"{_number(scores[method].score)} ({_number(scores[method].gain)})"


def _number(score: Score) -> str:
    return "unscored" if score.value is None else f"{score.value:.3f}"
