"""The total stage: a Result from what was written down, and from nothing else (evaluator/records.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np

from evaluator import statistics
from evaluator.metadata.total import judged, unread
from evaluator.metrics import Measured
from evaluator.metrics.measured import Floats
from evaluator.protocol import GainScale, Protocol
from evaluator.records import Run, TaskRecord
from evaluator.scale import Ends, admitted, interval, resampled, seed_noise, worth
from submissions.errors import EvaluatorError
from submissions.findings import Judged
from submissions.models import Method, MethodScore, Result, Score, Task, TaskResult, Total

Group = Literal["overall", "knowledge", "reasoning"]
GROUPS: tuple[Group, ...] = ("overall", "knowledge", "reasoning")


@dataclass(frozen=True)
class Scored:
    """One task's numbers, and what its worth would be on other choices of its items."""

    record: TaskRecord
    base: Score
    reference: Score
    methods: dict[Method, MethodScore]
    banks: dict[Method, Floats]
    """Worth by method on each resample of the items, shape (item_resamples,)."""
    counts: bool
    """Whether the task counts in the totals."""


def result_of(run: Run, records: Sequence[TaskRecord]) -> Result:
    """All that is published of an evaluation. Raises EvaluatorError for a number that could not be measured."""
    tasks = [_scored(run.protocol, record) for record in records]
    _refuse_unscored(tasks)
    return Result(
        submission=run.submission,
        track=run.track,
        system=run.system,
        system_type=run.system_type,
        team=run.team,
        protocol=run.protocol.name,
        protocol_sha256=run.protocol.sha256,
        setup=run.setup,
        flagged=_flag(run.protocol, records) or run.partial,
        tasks=tuple(_task_result(task) for task in tasks),
        totals=tuple(_totals(run.protocol, tasks)),
        metadata=_metadata(run.protocol, records),
    )


def _scored(protocol: Protocol, record: TaskRecord) -> Scored:
    ends, measured = record.ends(protocol.metrics), record.measured(protocol.metrics)
    counts = _counts(protocol, record)
    counted = admitted(record.anchor, protocol.scale)
    methods, banks = {}, {}
    for method in protocol.methods:
        found = measured.get(method)
        methods[method] = (
            _method_score(protocol, method, found, ends, counts) if found else _missing(protocol, method, record)
        )
        banks[method] = np.zeros(len(counts))
        if found and methods[method].gain.value is not None:
            banks[method] = resampled(found, ends, protocol.scale, counts)
    base = _with_interval(ends.base, counts) if ends.base else record.anchor.base
    reference = _with_interval(ends.reference, counts) if ends.reference else record.anchor.reference
    return Scored(record, base, reference, methods, banks, counted)


def _counts(protocol: Protocol, record: TaskRecord) -> Floats:
    """How often each item of a task is drawn, shape (item_resamples, items): the same for every system."""
    settings, items = protocol.statistics, len(record.questions)
    if not items:
        return np.zeros((settings.item_resamples, 0))
    seed = statistics.item_seed(settings.seed, record.task.id, record.exam_sha256)
    return statistics.resample_counts(items, settings.item_resamples, seed)


def _method_score(protocol: Protocol, method: Method, measured: Measured, ends: Ends, counts: Floats) -> MethodScore:
    value = worth(measured, ends, protocol.scale)
    if value.value is not None:
        value = value.model_copy(update={"interval": _rounded(interval(measured, ends, protocol.scale, counts))})
    return MethodScore(
        method=method,
        score=_with_interval(measured, counts),
        gain=value,
        others=tuple(_with_interval(other, counts) for other in _beside(measured)),
    )


def _with_interval(measured: Measured, counts: Floats) -> Score:
    score = measured.score
    if score.value is None:
        return score
    (again,) = statistics.rescore([measured], counts)
    return score.model_copy(update={"interval": _rounded(statistics.score_interval(again))})


def _rounded(ends: tuple[float, float]) -> tuple[float, float]:
    """To 6 decimals: products of matrices differ in the last bits between machines, and a rescore must not."""
    return round(ends[0], 6), round(ends[1], 6)


def _beside(measured: Measured) -> tuple[Measured, ...]:
    return (*(part for _, part in measured.parts), *measured.others)


def _missing(protocol: Protocol, method: Method, record: TaskRecord) -> MethodScore:
    """A missing task: nothing to score, and worth nothing (SCORING.md: arena@1 rule 2, paper@1 rule 5)."""
    if record.rows:
        why = f"{method} was not measured"
        unscored = Score(name=record.anchor.reference.name, n=0, why=why)
        return MethodScore(method=method, score=unscored, gain=Score(name=protocol.scale.kind, n=0, why=why))
    why = record.refused or ("every row copied a hidden test row" if record.delivered else "no data was delivered")
    return MethodScore(
        method=method,
        score=Score(name=record.anchor.reference.name, n=0, why=why),
        gain=Score(name=protocol.scale.kind, value=0.0, n=0),
    )


def _task_result(task: Scored) -> TaskResult:
    record = task.record
    return TaskResult(
        task=record.task.id,
        state="scored" if record.answers else "missing",
        rows=record.rows,
        removed=record.screened.removed if record.screened else 0,
        screen=record.screened.public if record.screened else None,
        base=task.base,
        reference=task.reference,
        seed_sd=record.anchor.seed_sd,
        methods=tuple(task.methods.values()),
    )


def _metadata(protocol: Protocol, records: Sequence[TaskRecord]) -> Judged | None:
    """What the judge said, over all tasks. Raises EvaluatorError while a verdict is missing."""
    verdicts = [record.verdict for record in records if record.verdict is not None]
    if protocol.judge is None or not verdicts:
        return None
    if why := unread(verdicts):
        task, reason = next(iter(why.items()))
        raise EvaluatorError(
            f"The judge has no verdict on {len(why)} of {len(verdicts)} tasks, first {task}: {reason}. "
            "The next run asks for these again; nothing is published before."
        )
    return judged(verdicts, protocol.judge)


def _refuse_unscored(tasks: Sequence[Scored]) -> None:
    """Raise EvaluatorError for a number that could not be measured: it blocks publication (DESIGN.md, rule 2)."""
    for task in tasks:
        for score in task.methods.values():
            if task.counts and score.gain.value is None:
                name = task.record.task.id
                raise EvaluatorError(f"{name} could not be scored by {score.method}: {score.gain.why}.")


def _totals(protocol: Protocol, tasks: Sequence[Scored]) -> list[Total]:
    """Mean worth over all tasks that count, missing ones with their 0, for each method, subset and group."""
    return [
        _total(protocol, method, subset, group, members)
        for subset, group, members in _groups(tasks)
        for method in protocol.methods
    ]


def _groups(tasks: Sequence[Scored]) -> list[tuple[str, Group, list[Scored]]]:
    """The groups that have tasks, by subset in the order of their first task, each with the tasks that count."""
    subsets = dict.fromkeys(subset for task in tasks for subset in task.record.task.subsets)
    found = []
    for subset in subsets:
        for group in GROUPS:
            members = [task for task in tasks if _belongs(task.record.task, subset, group)]
            if members:
                found.append((subset, group, [task for task in members if task.counts]))
    return found


def _belongs(task: Task, subset: str, group: Group) -> bool:
    return subset in task.subsets and group in ("overall", task.kind)


def _total(protocol: Protocol, method: Method, subset: str, group: Group, tasks: list[Scored]) -> Total:
    values = [score.value for task in tasks if (score := task.methods[method].gain).value is not None]
    name = f"mean_{protocol.scale.kind}"
    if not values:
        return Total(
            method=method,
            subset=subset,
            group=group,
            gain=Score(name=name, n=0, why="no admitted task in this group"),
            median=None,
        )
    settings, scale = protocol.statistics, protocol.scale
    ends = statistics.total_interval(
        np.array(values),
        np.stack([task.banks[method] for task in tasks], axis=1),
        settings.seed,
        settings.resamples,
        (scale.low, scale.high) if isinstance(scale, GainScale) else (0.0, np.inf),
    )
    return Total(
        method=method,
        subset=subset,
        group=group,
        gain=Score(name=name, value=sum(values) / len(values), n=len(values), interval=_rounded(ends)),
        median=median(values),
        seed_sd=_seed_sd(protocol, tasks) if method == "fine_tune" else None,
    )


def _seed_sd(protocol: Protocol, tasks: Sequence[Scored]) -> float | None:
    """How far another training seed would move the mean: each task's seed noise, independent of the others'."""
    trained = [task for task in tasks if task.record.answers]
    found = [seed_noise(task.record.anchor, protocol.scale) for task in trained]
    known = [noise for noise in found if noise is not None]
    if not known or len(known) < len(found):
        return None
    return statistics.seed_noise_of_total([*known, *[0.0] * (len(tasks) - len(trained))])


def _flag(protocol: Protocol, records: Sequence[TaskRecord]) -> str | None:
    """Why an entry is unranked until an organiser looks (SCORING.md, arena@1, rule 5)."""
    screened = [record.screened for record in records if record.screened is not None]
    removed = sum(one.removed for one in screened)
    rows = removed + sum(len(one.kept) for one in screened)
    if protocol.screen is not None and rows and removed / rows > protocol.screen.flag_over:
        return (
            f"{removed} of {rows} rows ({removed / rows:.0%}) copy hidden test rows, more than "
            f"{protocol.screen.flag_over:.0%}: unranked until an organiser has looked."
        )
    return None
