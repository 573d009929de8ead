"""Totals and Result of any track, from the values of its tasks: means, two-level bootstrap, groups of the track."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any, Literal, Self, TypeVar
from typing import Protocol as Seam

import numpy as np

from evaluator.config.protocol import Protocol, StatisticsSettings
from evaluator.scoring import statistics
from evaluator.scoring.metrics.metric_result import Floats
from evaluator.stages.stored_run import StoredRun
from submissions.records.base import Score
from submissions.records.findings import JudgeScores
from submissions.records.result import FEW_TASKS, Method, MethodScore, Result, TaskResult, Total
from submissions.records.task import Task
from submissions.tracks import get_track


class ScoredTask(Seam):
    """A task's part of the totals."""

    @property
    def task(self) -> Task:
        """The task, whose subsets and group count it."""

    @property
    def counts(self) -> bool:
        """True if the task counts in the totals."""

    @property
    def gains(self) -> Mapping[Method, Score]:
        """Value on the protocol's scale, by method."""

    @property
    def resampled_gains(self) -> Mapping[Method, Floats]:
        """The same on each resample of the task's items, shape (item_resamples,)."""


T = TypeVar("T", bound=ScoredTask)


@dataclass(frozen=True)
class MeasuredTask:
    """A task of a track without a scale of anchors: its published result, and whether it counts."""

    task: Task
    result: TaskResult
    resampled_gains: Mapping[Method, Floats] = field(default_factory=dict)
    counts: bool = True

    @classmethod
    def from_values(cls, task: Task, rows: int, values: Mapping[Method, float | None]) -> Self:
        """Build a task whose values are its scores; None is one that is not measured yet, no rows a missing task."""
        scores = {
            method: Score(name=method, value=value, n=rows, why="not measured yet" if value is None else None)
            for method, value in values.items()
        }
        methods = tuple(MethodScore(method=method, score=score, gain=score) for method, score in scores.items())
        state: Literal["scored", "missing"] = "scored" if rows else "missing"
        return cls(task, TaskResult(task=task.id, state=state, rows=rows, removed=0, methods=methods))

    @property
    def gains(self) -> Mapping[Method, Score]:
        """Value on the protocol's scale, by method."""
        return {method.method: method.gain for method in self.result.methods}


@dataclass(frozen=True)
class TotalRules:
    """Rules of a protocol's means."""

    name: str = "mean"
    """Name of the scores."""
    statistics: StatisticsSettings | None = None
    """None for means without an interval."""
    bounds: tuple[float, float] = (-math.inf, math.inf)
    """Least and greatest value of a task."""
    is_noted_rough: bool = False
    """True if a mean over few tasks says so."""


def build_totals(
    protocol: Protocol,
    tasks: Sequence[T],
    rules: TotalRules,
    seed_sd: Callable[[Method, Sequence[T]], float | None] = lambda _method, _tasks: None,
) -> tuple[Total, ...]:
    """Mean over all tasks that count, for each subset, group of the track, and method of the protocol."""
    return tuple(
        _build_total(method, subset, group, members, rules, seed_sd(method, members))
        for subset, group, members in _list_groups(protocol.track, tasks)
        for method in protocol.methods
    )


def assemble_result(
    run: StoredRun[Any],
    tasks: Sequence[TaskResult],
    totals: Sequence[Total],
    *,
    benchmark_sha256: str | None = None,
    metadata: JudgeScores | None = None,
    flagged: str | None = None,
) -> Result:
    """Assemble the published Result of a stored evaluation."""
    result = Result(
        submission=run.submission,
        track=run.track,
        system=run.system,
        system_type=run.system_type,
        team=run.team,
        protocol=run.protocol.name,
        protocol_sha256=run.protocol.sha256,
        benchmark_sha256=benchmark_sha256,
        setup=run.setup,
        flagged=" ".join(filter(None, (flagged, run.partial))) or None,
        tasks=tuple(tasks),
        totals=tuple(totals),
        metadata=metadata,
    )
    return Result.model_validate(_round_floats(result.model_dump()))


def assemble_measured(run: StoredRun[Any], tasks: Sequence[MeasuredTask], rules: TotalRules = TotalRules()) -> Result:
    """Assemble the Result of measured tasks, with their totals."""
    return assemble_result(run, [task.result for task in tasks], build_totals(run.protocol, tasks, rules))


def widen_interval(ends: tuple[float, float]) -> tuple[float, float]:
    """Round an interval outwards to 6 decimals. Machines differ in the last bits of a product; a rescore must not."""
    low, high = (round(end, 9) * 1e6 for end in ends)
    return math.floor(round(low, 3)) / 1e6, math.ceil(round(high, 3)) / 1e6


def _round_floats(part: Any) -> Any:
    """Round every float to 9 decimals: machines differ in the last bits, and published values must not."""
    if isinstance(part, float):
        return round(part, 9)
    if isinstance(part, dict):
        return {name: _round_floats(value) for name, value in part.items()}
    if isinstance(part, tuple):
        return tuple(_round_floats(value) for value in part)
    return part


def _list_groups(track: str, tasks: Sequence[T]) -> list[tuple[str, str, list[T]]]:
    """Groups with tasks, by subset in the order of their first task, each with the tasks that count."""
    subsets = dict.fromkeys(subset for task in tasks for subset in task.task.subsets)
    found = []
    for subset in subsets:
        for group in get_track(track).group_keys:
            members = [task for task in tasks if _is_member(task.task, subset, group)]
            if members:
                found.append((subset, group, [task for task in members if task.counts]))
    return found


def _is_member(task: Task, subset: str, group: str) -> bool:
    return subset in task.subsets and group in ("overall", task.kind)


def _build_total(
    method: Method, subset: str, group: str, tasks: Sequence[ScoredTask], rules: TotalRules, seed_sd: float | None
) -> Total:
    gains = [task.gains[method] for task in tasks]
    values = [gain.value for gain in gains if gain.value is not None]
    if not values or len(values) < len(gains):
        why = next((gain.why for gain in gains if gain.value is None), "no admitted task in this group")
        return Total(method=method, subset=subset, group=group, gain=Score(name=rules.name, n=0, why=why), median=None)
    return Total(
        method=method,
        subset=subset,
        group=group,
        gain=Score(
            name=rules.name,
            value=sum(values) / len(values),
            n=len(values),
            interval=_total_interval(method, values, tasks, rules),
            rough=_rough_reason(len(values)) if rules.is_noted_rough else None,
        ),
        median=median(values),
        seed_sd=seed_sd,
    )


def _total_interval(
    method: Method, values: list[float], tasks: Sequence[ScoredTask], rules: TotalRules
) -> tuple[float, float] | None:
    """Interval of a mean; without spread between tasks (one task, or all alike), from the tasks' own intervals."""
    settings = rules.statistics
    if settings is None:
        return None
    low, high = statistics.total_interval(
        np.array(values),
        np.stack([task.resampled_gains[method] for task in tasks], axis=1),
        settings.seed,
        settings.resamples,
        rules.bounds,
    )
    if len(tasks) > 1 and low < high:
        return widen_interval((low, high))
    gains = [task.gains[method] for task in tasks]
    own = [gain.interval or (gain.value or 0.0, gain.value or 0.0) for gain in gains]
    return widen_interval((min(low, mean(ends[0] for ends in own)), max(high, mean(ends[1] for ends in own))))


def _rough_reason(tasks: int) -> str | None:
    """Reason why the interval of a mean is rough; None if it has tasks enough."""
    if tasks > FEW_TASKS:
        return None
    return f"{tasks} tasks are few for an interval" if tasks > 1 else "one task is few for an interval"
