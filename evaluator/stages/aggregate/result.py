"""Total stage: builds a Result from stored records alone (evaluator/stages/records.py)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from evaluator.config.protocol import GainScale
from evaluator.scoring import statistics
from evaluator.stages.aggregate.task_scores import ScoringPool, TaskScores, score_tasks
from evaluator.stages.aggregate.track_totals import TotalRules, assemble_result, build_totals
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.metadata.aggregate import aggregate_verdicts, unreadable_verdicts
from evaluator.stages.metadata.verdict import MetadataVerdict
from evaluator.stages.records import RunRecord, TaskRecord, hash_benchmark
from submissions.errors import EvaluatorError
from submissions.records.findings import JudgeScores
from submissions.records.result import Method, Result, TaskResult

_FLAGGED_ROWS = 5
"""Minimum removed rows of a single task that flag an entry: fewer of a small task are chance."""


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
    records, protocol = [task.record for task in tasks], run.protocol
    return assemble_result(
        run,
        [_build_task_result(task) for task in tasks],
        build_totals(protocol, tasks, _total_rules(protocol), _total_seed_sd),
        benchmark_sha256=hash_benchmark(protocol, {one.task.id: one.exam_sha256 for one in records}),
        metadata=metadata,
        flagged=_flag_reason(protocol, records),
    )


def _total_rules(protocol: AnchoredProtocol) -> TotalRules:
    scale = protocol.scale
    return TotalRules(
        name=f"mean_{scale.kind}",
        statistics=protocol.statistics,
        bounds=(scale.low, scale.high) if isinstance(scale, GainScale) else (0.0, math.inf),
        is_noted_rough=protocol.statistics.clusters is not None,  # protocols of before state none
    )


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


def _aggregate_metadata(protocol: AnchoredProtocol, records: Sequence[TaskRecord]) -> JudgeScores | None:
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


def _total_seed_sd(method: Method, tasks: Sequence[TaskScores]) -> float | None:
    """SD of the mean over training seeds: each task's seed noise, independent of the others'."""
    if method != "fine_tune":
        return None
    trained = [task.seed_sd for task in tasks if task.record.answers]
    known = [noise for noise in trained if noise is not None]
    if not known or len(known) < len(trained):
        return None
    return statistics.seed_noise_of_total([*known, *[0.0] * (len(tasks) - len(trained))])


def _flag_reason(protocol: AnchoredProtocol, records: Sequence[TaskRecord]) -> str | None:
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
