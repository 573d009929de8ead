"""Tasks without a clear gain of any system."""

from __future__ import annotations

from markupsafe import Markup

from leaderboard.cases.contests import Best
from leaderboard.cases.detector import CaseContext, DetectedCase
from leaderboard.data.tables.task_difficulty import TaskAnchors, task_difficulties
from leaderboard.templates import format_figure

NAME = "corner"


def find_tasks(ground: CaseContext) -> list[str]:
    """Find the corner cases: those with the most measured systems first, then by least gain."""
    known = task_difficulties(ground.snapshot, ground.track, ground.protocol)
    corners = [name for name in ground.contests if name in known and known[name].corner_case]
    return sorted(corners, key=lambda name: (-(known[name].systems or 0), _best_system(ground, name).value))


def build_case(ground: CaseContext, task: str, place: int) -> DetectedCase:
    """Build the case of the task at a position among them."""
    best, known = _best_system(ground, task), task_difficulties(ground.snapshot, ground.track, ground.protocol)[task]
    said = Markup("None of the {} systems measured gains clearly: the best by fine-tuning, {}, reaches {}.").format(
        known.systems, ground.format_system(best), ground.format_gain(task, best)
    )
    ends = Markup("The base model scores {}, the model trained on the real data {}.").format(
        _format_anchor(known.base), _format_anchor(known.reference)
    )
    which = Markup("It is corner case {} of {}.").format(place, len(find_tasks(ground)))
    return DetectedCase(NAME, task, "No system gains", (said, ends, which), ground.contests[task].shown)


def _best_system(ground: CaseContext, task: str) -> Best:
    return max(ground.contests[task].best.values(), key=lambda best: best.value)


def _format_anchor(score: TaskAnchors) -> str:
    return "no measured value" if score.value is None else format_figure(score.value, 3)
