"""Total stage: builds a Result from stored records alone (evaluator/stages/records.py)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import mean, median
from typing import Any, Literal

import numpy as np

from evaluator.config.protocol import GainScale
from evaluator.scoring import statistics
from evaluator.stages.aggregate.task_scores import ScoringPool, TaskScores, score_tasks, widen_interval
from evaluator.stages.dataset_research_protocol import DatasetResearchProtocol
from evaluator.stages.metadata.aggregate import aggregate_verdicts, unreadable_verdicts
from evaluator.stages.metadata.verdict import MetadataVerdict
from evaluator.stages.records import RunRecord, TaskRecord, hash_benchmark
from submissions.errors import EvaluatorError
from submissions.records.base import Score
from submissions.records.findings import JudgeScores
from submissions.records.result import FEW_TASKS, Method, Result, TaskResult, Total
from submissions.records.task import Task

Group = Literal["overall", "knowledge", "reasoning"]
_FLAGGED_ROWS = 5
"""Minimum removed rows of a single task that flag an entry: fewer of a small task are chance."""
GROUPS: tuple[Group, ...] = ("overall", "knowledge", "reasoning")


def build_result(
    run: RunRecord,
    records: Sequence[TaskRecord],
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    scoring: ScoringPool | None = None,
) -> Result:
    """Build the published Result. Raises EvaluatorError for a score that could not be measured.

    `scoring` may have begun with some of the tasks.
    """
    tasks = scoring.collect(records, progress) if scoring else score_tasks(run.protocol, records, progress)
    _check_scored(tasks, run.protocol.methods)
    return _assemble_result(run, tasks, _aggregate_metadata(run.protocol, records))


def build_preview(run: RunRecord, records: Sequence[TaskRecord]) -> Result:
    """Build the preview from the few-shot scores before any training; fine-tuning is unscored, with no means.

    Raises EvaluatorError for a few-shot score that could not be measured. Omits metadata while a verdict is missing.
    """
    tasks = score_tasks(run.protocol, records, lambda _done, _of: None)
    _check_scored(tasks, [method for method in run.protocol.methods if method != "fine_tune"])
    all_read = all(record.verdict is not None for record in records) and not unreadable_verdicts(
        _list_verdicts(records)
    )
    return _assemble_result(run, tasks, _aggregate_metadata(run.protocol, records) if all_read else None)


def _assemble_result(run: RunRecord, tasks: Sequence[TaskScores], metadata: JudgeScores | None) -> Result:
    records = [task.record for task in tasks]
    result = Result(
        submission=run.submission,
        track=run.track,
        system=run.system,
        system_type=run.system_type,
        team=run.team,
        protocol=run.protocol.name,
        protocol_sha256=run.protocol.sha256,
        benchmark_sha256=hash_benchmark(run.protocol, {one.task.id: one.exam_sha256 for one in records}),
        setup=run.setup,
        flagged=" ".join(filter(None, (_flag_reason(run.protocol, records), run.partial))) or None,
        tasks=tuple(_build_task_result(task) for task in tasks),
        totals=tuple(_build_totals(run.protocol, tasks)),
        metadata=metadata,
    )
    return Result.model_validate(_round_floats(result.model_dump()))


def _round_floats(part: Any) -> Any:
    """Round every float to 9 decimals: machines differ in the last bits, and published values must not."""
    if isinstance(part, float):
        return round(part, 9)
    if isinstance(part, dict):
        return {name: _round_floats(value) for name, value in part.items()}
    if isinstance(part, tuple):
        return tuple(_round_floats(value) for value in part)
    return part


def _build_task_result(task: TaskScores) -> TaskResult:
    record = task.record
    return TaskResult(
        task=record.task.id,
        state="scored" if record.answers else "missing",
        rows=record.rows,
        removed=record.screened.removed if record.screened else 0,
        screen=record.screened.public if record.screened else None,
        base=task.base,
        reference=task.reference,
        trivial=task.trivial,
        seed_sd=record.anchor.seed_sd,
        methods=tuple(task.methods.values()),
    )


def _aggregate_metadata(protocol: DatasetResearchProtocol, records: Sequence[TaskRecord]) -> JudgeScores | None:
    """Aggregate the judge's verdicts over all tasks. Raises EvaluatorError while a verdict is missing."""
    verdicts = _list_verdicts(records)
    if protocol.judge is None or not verdicts:
        return None
    why = unreadable_verdicts(verdicts) | {one.task.id: "it was not asked" for one in records if one.verdict is None}
    if why:
        task, reason = next(iter(why.items()))
        raise EvaluatorError(
            f"The judge has no verdict on {len(why)} of {len(records)} tasks, first {task}: {reason}. "
            "The next run asks for these again; nothing is published before."
        )
    return aggregate_verdicts(verdicts, protocol.judge)


def _list_verdicts(records: Sequence[TaskRecord]) -> list[MetadataVerdict]:
    return [record.verdict for record in records if record.verdict is not None]


def _check_scored(tasks: Sequence[TaskScores], methods: Sequence[Method]) -> None:
    """Raise EvaluatorError for a score that could not be measured: it blocks publication (DESIGN.md, rule 2)."""
    for task in tasks:
        for score in (task.methods[method] for method in methods):
            if task.counts and score.gain.value is None:
                name = task.record.task.id
                raise EvaluatorError(f"{name} could not be scored by {score.method}: {score.gain.why}.")


def _build_totals(protocol: DatasetResearchProtocol, tasks: Sequence[TaskScores]) -> list[Total]:
    """Mean gain over all tasks that count, missing ones as 0, for each method, subset and group."""
    return [
        _build_total(protocol, method, subset, group, members)
        for subset, group, members in _list_groups(tasks)
        for method in protocol.methods
    ]


def _list_groups(tasks: Sequence[TaskScores]) -> list[tuple[str, Group, list[TaskScores]]]:
    """Groups with tasks, by subset in the order of their first task, each with the tasks that count."""
    subsets = dict.fromkeys(subset for task in tasks for subset in task.record.task.subsets)
    found = []
    for subset in subsets:
        for group in GROUPS:
            members = [task for task in tasks if _is_member(task.record.task, subset, group)]
            if members:
                found.append((subset, group, [task for task in members if task.counts]))
    return found


def _is_member(task: Task, subset: str, group: Group) -> bool:
    return subset in task.subsets and group in ("overall", task.kind)


def _build_total(
    protocol: DatasetResearchProtocol, method: Method, subset: str, group: Group, tasks: list[TaskScores]
) -> Total:
    gains = [task.methods[method].gain for task in tasks]
    values = [gain.value for gain in gains if gain.value is not None]
    name = f"mean_{protocol.scale.kind}"
    if not values or len(values) < len(gains):
        why = next((gain.why for gain in gains if gain.value is None), "no admitted task in this group")
        return Total(method=method, subset=subset, group=group, gain=Score(name=name, n=0, why=why), median=None)
    return Total(
        method=method,
        subset=subset,
        group=group,
        gain=Score(
            name=name,
            value=sum(values) / len(values),
            n=len(values),
            interval=widen_interval(_total_interval(protocol, method, values, tasks)),
            rough=_rough_reason(protocol, len(values)),
        ),
        median=median(values),
        seed_sd=_total_seed_sd(tasks) if method == "fine_tune" else None,
    )


def _total_interval(
    protocol: DatasetResearchProtocol, method: Method, values: list[float], tasks: list[TaskScores]
) -> tuple[float, float]:
    """Interval of a mean; without spread between tasks (one task, or all alike), from the tasks' own intervals."""
    settings, scale = protocol.statistics, protocol.scale
    bounds = (scale.low, scale.high) if isinstance(scale, GainScale) else (0.0, math.inf)
    low, high = statistics.total_interval(
        np.array(values),
        np.stack([task.resampled_gains[method] for task in tasks], axis=1),
        settings.seed,
        settings.resamples,
        bounds,
    )
    if len(tasks) > 1 and low < high:
        return low, high
    gains = [task.methods[method].gain for task in tasks]
    own = [gain.interval or (gain.value or 0.0, gain.value or 0.0) for gain in gains]
    return min(low, mean(ends[0] for ends in own)), max(high, mean(ends[1] for ends in own))


def _rough_reason(protocol: DatasetResearchProtocol, tasks: int) -> str | None:
    """Reason why the interval of a mean is rough; protocols of before state none."""
    if protocol.statistics.clusters is None or tasks > FEW_TASKS:
        return None
    return f"{tasks} tasks are few for an interval" if tasks > 1 else "one task is few for an interval"


def _total_seed_sd(tasks: Sequence[TaskScores]) -> float | None:
    """SD of the mean over training seeds: each task's seed noise, independent of the others'."""
    trained = [task.seed_sd for task in tasks if task.record.answers]
    known = [noise for noise in trained if noise is not None]
    if not known or len(known) < len(trained):
        return None
    return statistics.seed_noise_of_total([*known, *[0.0] * (len(tasks) - len(trained))])


def _flag_reason(protocol: DatasetResearchProtocol, records: Sequence[TaskRecord]) -> str | None:
    """Reason why an entry is unranked until an organiser reviews it (SCORING.md, arena@1, rule 5).

    Looks at all rows together and at those of each task: copies in a few tasks would be diluted by the others.
    """
    if protocol.screen is None:
        return None
    counts = {
        record.task.id: (record.screened.removed, record.screened.removed + len(record.screened.kept))
        for record in records
        if record.screened is not None
    }
    removed, rows = (sum(side) for side in zip(*counts.values(), strict=True)) if counts else (0, 0)
    limit = f"more than {protocol.screen.flag_over:.0%}: unranked until an organiser has looked."
    if rows and removed / rows > protocol.screen.flag_over:
        return f"{removed} of {rows} rows ({removed / rows:.0%}) copy hidden test rows, {limit}"
    for task, (removed, rows) in counts.items():
        if removed >= _FLAGGED_ROWS and removed / rows > protocol.screen.flag_over:
            return f"{removed} of {rows} rows of {task} ({removed / rows:.0%}) copy hidden test rows, {limit}"
    return None
