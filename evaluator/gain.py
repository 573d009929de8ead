"""From scores to gains, and from gains to the board's totals (SCORING.md, arena@1, rules 1 and 2)."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Literal

from evaluator.protocol import GainSettings
from submissions.models import Anchor, Method, Score, Task, TaskResult, Total

Group = Literal["overall", "knowledge", "reasoning"]
GROUPS: tuple[Group, ...] = ("overall", "knowledge", "reasoning")
ADMISSION = 2.0
"""A task counts if reference minus base is at least this many standard errors."""


def admitted(anchor: Anchor) -> bool:
    """Whether the task can tell good data from none."""
    base, reference = anchor.base.value, anchor.reference.value
    if base is None or reference is None:
        return False
    return reference > base and reference - base >= ADMISSION * anchor.noise


def gain(score: Score, anchor: Anchor, settings: GainSettings) -> Score:
    """(S - S_base) / (S_ref - S_base), clipped; unscored where the score is, or where the task is not admitted."""
    base, reference = anchor.base.value, anchor.reference.value
    if score.value is None or base is None or reference is None:
        return Score(name="gain", n=score.n, why=score.why or anchor.base.why or anchor.reference.why)
    if not admitted(anchor):
        return Score(name="gain", n=score.n, why="not admitted: the reference set does not measurably help here")
    ratio = (score.value - base) / (reference - base)
    return Score(name="gain", value=min(max(ratio, settings.low), settings.high), n=score.n)


def totals(
    tasks: Sequence[Task], results: Sequence[TaskResult], anchors: dict[str, Anchor], methods: Sequence[Method]
) -> tuple[Total, ...]:
    """Mean gain over all admitted tasks, missing ones with their 0, for each method, subset and group."""
    by_task = {result.task: result for result in results}
    found = []
    for (subset, group), members in _groups(tasks).items():
        counted = [by_task[task.id] for task in members if admitted(anchors[task.id])]
        found += [_total(method, subset, group, [_gain_of(result, method) for result in counted]) for method in methods]
    return tuple(found)


def _groups(tasks: Sequence[Task]) -> dict[tuple[str, Group], list[Task]]:
    """The groups that have tasks, by subset in the order of their first task."""
    subsets = dict.fromkeys(subset for task in tasks for subset in task.subsets)
    found = {
        (subset, group): [task for task in tasks if subset in task.subsets and group in ("overall", task.kind)]
        for subset in subsets
        for group in GROUPS
    }
    return {key: members for key, members in found.items() if members}


def _total(method: Method, subset: str, group: Group, gains: list[Score]) -> Total:
    unscored = [score for score in gains if score.value is None]
    values = [score.value for score in gains if score.value is not None]
    if not gains or unscored:
        why = unscored[0].why if unscored else "no admitted task in this group"
        return Total(
            method=method, subset=subset, group=group, gain=Score(name="mean_gain", n=len(gains), why=why), median=None
        )
    mean = Score(name="mean_gain", value=sum(values) / len(values), n=len(values))
    return Total(method=method, subset=subset, group=group, gain=mean, median=median(values))


def _gain_of(result: TaskResult, method: Method) -> Score:
    for score in result.methods:
        if score.method == method:
            return score.gain
    return Score(name="gain", n=0, why=f"{method} was not measured on {result.task}")
