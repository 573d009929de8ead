"""Console output of the evaluator's command line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evaluator.cli.reports.plan_report import format_phases, format_plan
from evaluator.planning.plan import PlanReport
from evaluator.tracks import get_scorer
from evaluator.tracks.protocols import is_shipped_protocol, load_protocol
from submissions.records.anchors import Anchors
from submissions.records.base import Score
from submissions.records.result import Result
from submissions.tracks import get_track
from submissions.tracks.track import MethodSpec


def print_result(result: Result) -> None:
    """Print a result: a line per task with every method's score, then the means."""
    track = get_track(result.track)
    methods = [method for method in track.methods if method.key in {total.method for total in result.totals}]
    is_scaled = any(task.base is not None for task in result.tasks)
    ends, worth = (("base", "reference"), ("worth",)) if is_scaled else ((), ())
    scores = Table(title=Text(f"{result.system} under {result.protocol}: scores"))
    scores.add_column("task", no_wrap=True)
    for name in ("rows", "removed", *ends, *(method.label for method in methods), *worth):
        scores.add_column(name, justify="right", no_wrap=True)
    for task in result.tasks:
        found = {score.method: score for score in task.methods}
        cells = [_format_score(found[method.key].score) for method in methods]
        if is_scaled:
            cells = [_format_score(task.base), _format_score(task.reference), *cells]
            cells.append(_format_score(found[track.headline].gain))
        scores.add_row(Text(task.task), str(task.rows), str(task.removed), *cells)
    _print_renderable(scores)
    _print_totals(result, methods)
    if result.flagged:
        _print_renderable(Text(f"Flagged: {result.flagged}"))


def _print_totals(result: Result, methods: list[MethodSpec]) -> None:
    gains = Table(title=_describe_means(result))
    for name in ("subset", "group"):
        gains.add_column(name, no_wrap=True)
    for name in ("tasks", *(method.label for method in methods)):
        gains.add_column(name, justify="right", no_wrap=True)
    for subset, group in dict.fromkeys((total.subset, total.group) for total in result.totals):
        found = {total.method: total.gain for total in result.totals if (total.subset, total.group) == (subset, group)}
        tasks = max(gain.n for gain in found.values())
        if tasks:
            gains.add_row(subset, group, str(tasks), *(_format_score(found[method.key]) for method in methods))
    _print_renderable(gains)


def _describe_means(result: Result) -> str:
    """Describe the means by the names of their values and, where these are shown as stored, the protocol's scale."""
    name = result.totals[0].gain.name.replace("_", " ").capitalize() if result.totals else ""
    scale = None
    if is_shipped_protocol(result.protocol):
        rules = load_protocol(result.protocol)
        scale = get_scorer(rules.track).describe_scale(rules)
    return f"{name} over all tasks. {scale.base if scale and scale.factor == 1 else ''}".strip()


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


def _print_renderable(what: Table | Text) -> None:
    """Print at full width on a terminal, elsewhere wide enough for every column."""
    console = Console()
    Console(width=None if console.is_terminal else 140).print(what)


def _format_score(score: Score | None) -> str:
    return "-" if score is None or score.value is None else f"{score.value:z.3f}"
