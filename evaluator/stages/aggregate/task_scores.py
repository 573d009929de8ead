"""Scores of one task: values, gains, intervals, and gains on resampled items."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Self

import numpy as np

from evaluator.config.protocol import GainScale
from evaluator.runtime.child_environment import filter_spawned_environments
from evaluator.runtime.child_process import die_with_parent
from evaluator.scoring import statistics
from evaluator.scoring.metrics import MetricResult
from evaluator.scoring.metrics.metric_result import Floats
from evaluator.scoring.normalization import (
    AnchorScores,
    find_refusal,
    is_admitted,
    normalized_interval,
    normalized_score,
    resampled_scores,
)
from evaluator.stages.aggregate.track_totals import widen_interval
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.records import TaskRecord
from submissions.records.base import Score
from submissions.records.result import Method, MethodScore, TrivialScore
from submissions.records.task import Task

PARALLEL_THRESHOLD = 200_000
"""Number of answers from which a process per core pays off: one counts some thousand pairs of n-grams a second."""


@dataclass(frozen=True)
class TaskScores:
    """Scores of one task, with its gains on resampled items."""

    record: TaskRecord
    base: Score
    reference: Score
    trivial: tuple[TrivialScore, ...]
    methods: dict[Method, MethodScore]
    resampled_gains: dict[Method, Floats]
    """Gain by method on each resample of the items, shape (item_resamples,)."""
    counts: bool
    """True if the task counts in the totals."""
    seed_sd: float | None
    """SD of the gain over training seeds, estimated from the reference's own trainings."""

    @property
    def task(self) -> Task:
        """The task of the record."""
        return self.record.task

    @property
    def gains(self) -> dict[Method, Score]:
        """Value on the protocol's scale, by method."""
        return {method: score.gain for method, score in self.methods.items()}


class ScoringPool:
    """Scores tasks as they finish, while accelerators work on others; a context manager.

    For many answers it uses a process for each core; else scoring is fast enough at the end.
    """

    def __init__(self, protocol: AnchoredProtocol, answers: int) -> None:
        self._protocol = protocol
        self._pool = _open_process_pool() if answers >= PARALLEL_THRESHOLD else None
        self._begun: dict[str, tuple[TaskRecord, Future[TaskScores]]] = {}

    def add(self, record: TaskRecord) -> None:
        """Start scoring a task after its last answers."""
        if self._pool is not None:
            self._begun[record.task.id] = (record, self._pool.submit(score_task, self._protocol, record))

    def collect(self, records: Sequence[TaskRecord], progress: Callable[[int, int], None]) -> list[TaskScores]:
        """Return every task's scores, in order. Raises like `score_task`."""
        for record in records:
            if self._begun.get(record.task.id, (None,))[0] != record:
                self.add(record)
        found = []
        for record in records:
            begun = self._begun.get(record.task.id)
            found.append(begun[1].result() if begun else score_task(self._protocol, record))
            progress(len(found), len(records))
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _open_process_pool() -> ProcessPoolExecutor:
    filter_spawned_environments()
    fresh = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(os.cpu_count(), fresh, initializer=die_with_parent, initargs=(os.getpid(),))


def score_tasks(
    protocol: AnchoredProtocol, records: Sequence[TaskRecord], progress: Callable[[int, int], None]
) -> list[TaskScores]:
    """Score all tasks, in order, on all cores if there are many answers. Raises like `score_task`."""
    with ScoringPool(protocol, count_answers(records)) as scoring:
        return scoring.collect(records, progress)


def count_answers(records: Iterable[TaskRecord]) -> int:
    """Count the answers to score, including those of the anchors."""
    return sum(map(_count_record_answers, records))


def _count_record_answers(record: TaskRecord) -> int:
    ends = 1 + len(record.end_answers.reference) if record.end_answers else 0
    return len(record.questions) * (ends + sum(len(method.draws) for method in record.answers))


def score_task(protocol: AnchoredProtocol, record: TaskRecord) -> TaskScores:
    """Score a task from its stored record."""
    ends, measured = record.anchor_scores(protocol.metrics), record.metric_results(protocol.metrics)
    drawn = _resample_items(protocol, record)
    counted = is_admitted(record.anchor, protocol.scale)
    methods, banks = {}, {}
    for method in protocol.methods:
        found = measured.get(method)
        methods[method] = (
            _method_score(protocol, method, found, ends, drawn)
            if found
            else _build_missing_score(protocol, method, record)
        )
        banks[method] = np.zeros(len(drawn.counts))
        if found and methods[method].gain.value is not None:
            banks[method] = resampled_scores(found, ends, protocol.scale, drawn.counts)
    base = _with_interval(ends.base, drawn) if ends.base else record.anchor.base
    reference = _with_interval(ends.reference, drawn) if ends.reference else record.anchor.reference
    trivial = _trivial_scores(protocol, record, ends, drawn)
    return TaskScores(record, base, reference, trivial, methods, banks, counted, _seed_sd(protocol, ends))


def _trivial_scores(
    protocol: AnchoredProtocol, record: TaskRecord, ends: AnchorScores, drawn: ItemDraws
) -> tuple[TrivialScore, ...]:
    """Scores and gains of the trivial baselines; none under rules without them."""
    if not isinstance(protocol.scale, GainScale) or not protocol.scale.floors:
        return ()
    found = []
    for name, measured in record.trivial_results(protocol.metrics).items():
        score = _with_interval(measured, drawn).model_copy(update={"name": name})
        found.append(TrivialScore(score=score, gain=normalized_score(measured, ends, protocol.scale)))
    return tuple(found)


@dataclass(frozen=True)
class ItemDraws:
    """Choices of a task's items: the same for every system."""

    counts: Floats
    """Frequency of each item, shape (item_resamples, items)."""
    clusters: statistics.Clusters | None
    """Clusters that were drawn whole; None if items were drawn."""

    @property
    def rough(self) -> str | None:
        """Reason why an interval of this task is rough; None for one that holds."""
        if self.clusters is None or self.clusters.count >= statistics.ROUGH_BELOW:
            return None
        return f"{self.clusters.count} passages with {self.counts.shape[1]} items are few for an interval"


def _resample_items(protocol: AnchoredProtocol, record: TaskRecord) -> ItemDraws:
    """Draw a task's items, or clusters of them where the protocol says so and some share a passage."""
    settings, items = protocol.statistics, len(record.questions)
    if not items:
        return ItemDraws(np.zeros((settings.item_resamples, 0)), None)
    seed = statistics.item_seed(settings.seed, record.task.id, record.exam_sha256)
    if (clusters := record.clusters(protocol)) is not None:
        return ItemDraws(clusters.draw(settings.item_resamples, seed), clusters)
    return ItemDraws(statistics.resample_counts(items, settings.item_resamples, seed), None)


def _method_score(
    protocol: AnchoredProtocol, method: Method, measured: MetricResult, ends: AnchorScores, drawn: ItemDraws
) -> MethodScore:
    value = normalized_score(measured, ends, protocol.scale)
    if value.value is not None:
        found = normalized_interval(measured, ends, protocol.scale, drawn.counts, drawn.clusters)
        value = value.model_copy(update={"interval": widen_interval(found), "rough": drawn.rough})
    return MethodScore(
        method=method,
        score=_with_interval(measured, drawn),
        gain=value,
        others=tuple(_with_interval(other, drawn) for other in _component_results(measured)),
        verdicts=dict(sorted(Counter(measured.verdicts).items())),
    )


def _with_interval(measured: MetricResult, drawn: ItemDraws) -> Score:
    score = measured.score
    if score.value is None:
        return score
    (again,) = statistics.rescore([measured], drawn.counts, drawn.clusters)
    ends = widen_interval(statistics.score_interval(again))
    return score.model_copy(update={"interval": ends, "rough": drawn.rough})


def _seed_sd(protocol: AnchoredProtocol, ends: AnchorScores) -> float | None:
    """SD of the reference's trainings on the normalized scale; None with fewer than two."""
    found = [normalized_score(one, ends, protocol.scale).value for one in ends.seeds]
    known = [value for value in found if value is not None]
    return statistics.seed_sd(known) if len(known) == len(found) > 1 else None


def _component_results(measured: MetricResult) -> tuple[MetricResult, ...]:
    return (*(part for _, part in measured.parts), *measured.others)


def _build_missing_score(protocol: AnchoredProtocol, method: Method, record: TaskRecord) -> MethodScore:
    """Score of a missing task: no metric, and a gain of 0 (SCORING.md: arena@1 rule 2, paper@1 rule 5)."""
    if record.rows:
        why = f"{method} is not measured yet"
        unscored = Score(name=record.anchor.reference.name, n=0, why=why)
        return MethodScore(method=method, score=unscored, gain=Score(name=protocol.scale.kind, n=0, why=why))
    if refusal := find_refusal(record.anchor, protocol.scale):
        unscored = Score(name=record.anchor.reference.name, n=0, why=refusal)
        return MethodScore(method=method, score=unscored, gain=Score(name=protocol.scale.kind, n=0, why=refusal))
    why = record.refused or ("every row copied a hidden test row" if record.delivered else "no data was delivered")
    return MethodScore(
        method=method,
        score=Score(name=record.anchor.reference.name, n=0, why=why),
        gain=Score(name=protocol.scale.kind, value=0.0, n=0),
    )
