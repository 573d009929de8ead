"""Console output of the evaluator's command line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evaluator.cli.plan_report import format_phases, format_plan
from evaluator.planning.plan import PlanReport
from submissions.records.anchors import Anchors
from submissions.records.base import Score
from submissions.records.result import Method, Result

_MEANS = {
    "mean_gain": "Mean gain over all tasks (0 = base model, 1 = trained on the real data)",
    "mean_ratio": "Mean ratio to the reference's score over all tasks (1 = trained on the real data)",
}


def print_result(result: Result) -> None:
    """Print a result: a line per task with every method's score, then the mean gains."""
    methods = list(dict.fromkeys(total.method for total in result.totals))
    scores = Table(title=Text(f"{result.system} under {result.protocol}: scores and fine-tuning gain"))
    scores.add_column("task", no_wrap=True)
    for name in ("rows", "removed", "base", "reference", *map(_shorten_method, methods), "worth"):
        scores.add_column(name, justify="right", no_wrap=True)
    for task in result.tasks:
        found = {score.method: score for score in task.methods}
        ends = (_format_score(task.base), _format_score(task.reference))
        cells = (_format_score(found[method].score) for method in methods)
        gained = _format_score(found["fine_tune"].gain)
        scores.add_row(Text(task.task), str(task.rows), str(task.removed), *ends, *cells, gained)
    _print_renderable(scores)
    _print_totals(result, methods)
    if result.flagged:
        _print_renderable(Text(f"Flagged: {result.flagged}"))


def _print_totals(result: Result, methods: list[Method]) -> None:
    gains = Table(title=_MEANS[result.totals[0].gain.name] if result.totals else "")
    for name in ("subset", "group"):
        gains.add_column(name, no_wrap=True)
    for name in ("tasks", *map(_shorten_method, methods)):
        gains.add_column(name, justify="right", no_wrap=True)
    for subset, group in dict.fromkeys((total.subset, total.group) for total in result.totals):
        found = {total.method: total.gain for total in result.totals if (total.subset, total.group) == (subset, group)}
        tasks = max(gain.n for gain in found.values())
        if tasks:
            gains.add_row(subset, group, str(tasks), *(_format_score(found[method]) for method in methods))
    _print_renderable(gains)


def print_anchors(anchors: Anchors, refused: Sequence[str]) -> None:
    """Print the anchors of every task, and the tasks that cannot be counted."""
    table = Table(title=Text(f"Anchors under {anchors.protocol}"))
    table.add_column("task")
    for name in ("items", "base", "reference", "error", "seed SD", "counts"):
        table.add_column(name, justify="right")
    for task, anchor in anchors.tasks.items():
        spread = "-" if anchor.seed_sd is None else f"{anchor.seed_sd:.3f}"
        cells = (_format_score(anchor.base), _format_score(anchor.reference), f"{anchor.noise:.3f}", spread)
        table.add_row(Text(task), str(anchor.reference.n), *cells, "no" if task in refused else "yes")
    _print_renderable(table)


def print_plan(planned: PlanReport) -> None:
    """Print a plan: phases, total time and cost, basis of the estimate, and whether it fits the machine."""
    _print_renderable(format_phases(planned))
    for line in format_plan(planned):
        _print_renderable(Text(line))


def _shorten_method(method: Method) -> str:
    return method.replace("few_shot_", "shots ").replace("fine_tune", "fine-tune")


def _print_renderable(what: Table | Text) -> None:
    """Print at full width on a terminal, elsewhere wide enough for every column."""
    console = Console()
    Console(width=None if console.is_terminal else 140).print(what)


def _format_score(score: Score | None) -> str:
    return "-" if score is None or score.value is None else f"{score.value:z.3f}"
