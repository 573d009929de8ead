"""Scores a DatasetResearch entry: check -> screen -> metadata -> few_shot -> fine_tune -> total.

Every stage but the last adds to the stored record of each task (stages/records.py); the last computes the Result
from that alone, so that it can be computed again.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

from evaluator.config.protocol import FEW_SHOT_METHODS
from evaluator.runtime.cost_log import write_ledger
from evaluator.runtime.resource_usage import ResourceUsage
from evaluator.scoring.eval_set import EvalSet, ModelAnswers, hash_rows
from evaluator.stages.aggregate.result import build_preview, build_result
from evaluator.stages.aggregate.task_scores import ScoringPool, count_answers
from evaluator.stages.anchors import check_anchor_matches, load_anchor_answers
from evaluator.stages.context import ModelRequest
from evaluator.stages.few_shot import few_shot_requests
from evaluator.stages.fine_tune import fine_tune_request
from evaluator.stages.metadata.judge import DescribedDataset, judge_metadata
from evaluator.stages.metadata.verdict import MetadataVerdict
from evaluator.stages.records import MethodAnswers, RunRecord, TaskRecord, save_records
from evaluator.stages.reference_split import load_reference
from evaluator.stages.screen import ScreenResult, screen_rows, tasks_from_reference
from evaluator.tracks.scorer import EvaluationJob, SubmissionData
from submissions.errors import CorruptRecord
from submissions.records.result import Method, Result
from submissions.records.status import Stage
from submissions.records.task import Reference, Row, Task
from submissions.storage.codec import to_jsonl
from submissions.tracks import get_track


@dataclass(frozen=True)
class ScreenedTask:
    """One task's data after the screen."""

    exam: EvalSet
    rows: tuple[Row, ...]
    screened: ScreenResult | None
    refused: str | None = None


Answers = dict[str, dict[Method, MethodAnswers]]
Exams = dict[str, tuple[EvalSet, Reference]]
NOT_ACCEPTED = "its stated origin is not accepted for this task"
"""Says no more, for it is public: whoever guesses at hidden sources must not be told that a guess was right."""
log = logging.getLogger(__name__)


def evaluate_submission(evaluation: EvaluationJob, entry: SubmissionData) -> Result:
    """All scores of an entry. Raises EvaluatorError; what was finished before is found again by the next try."""
    evaluation = replace(evaluation, context=evaluation.context.with_fresh_costs())
    found = _run_cheap_stages(evaluation, entry)
    run = _build_run_record(evaluation, entry)
    before = _build_records(evaluation, found)
    if evaluation.preview:
        evaluation.preview(build_preview(run, before))
    with ScoringPool(run.protocol, count_answers(before)) as scoring:
        _run_fine_tune(evaluation, found, scoring)
        records = _build_records(evaluation, found)
        save_records(evaluation.folder, run, records)
        costs = evaluation.context.costs.collect(run.tasks)
        write_ledger(evaluation.folder, run.submission, run.protocol.name, evaluation.context.profile, costs)
        return build_result(run, records, partial(evaluation.report, "total"), scoring)


def preview_submission(evaluation: EvaluationJob, entry: SubmissionData) -> Result:
    """The few-shot scores of an entry; nothing is trained. Raises EvaluatorError."""
    evaluation = replace(evaluation, context=evaluation.context.with_fresh_costs())
    return build_preview(
        _build_run_record(evaluation, entry), _build_records(evaluation, _run_cheap_stages(evaluation, entry))
    )


def precompute_few_shot(evaluation: EvaluationJob, entry: SubmissionData) -> None:
    """The few-shot stage alone, for a scorer that will find it done."""
    _run_few_shot(evaluation, _prepare_tasks(evaluation, entry), defaultdict(dict))


def precompute_fine_tune(evaluation: EvaluationJob, entry: SubmissionData) -> None:
    """The fine-tune stage alone, for a scorer that will find it done."""
    bench, delivered = evaluation.context, _prepare_tasks(evaluation, entry).values()
    asks = [fine_tune_request(bench, one.exam, one.rows, bench.protocol.sft.seed) for one in delivered if one.rows]
    _run_requests(evaluation, "fine_tune", asks)


def _prepare_tasks(evaluation: EvaluationJob, entry: SubmissionData) -> dict[str, ScreenedTask]:
    rows = _check_rows(evaluation, entry)
    return _screen_tasks(evaluation, entry, _build_eval_sets(evaluation), rows)


@dataclass(frozen=True)
class StageOutputs:
    """What the stages up to now found, by task."""

    exams: Exams
    delivered: dict[str, ScreenedTask]
    verdicts: dict[str, MetadataVerdict]
    answers: Answers


def _run_cheap_stages(evaluation: EvaluationJob, entry: SubmissionData) -> StageOutputs:
    rows = _check_rows(evaluation, entry)
    exams = _build_eval_sets(evaluation)
    delivered = _screen_tasks(evaluation, entry, exams, rows)
    verdicts = _judge_tasks(evaluation, entry, exams, delivered)
    answers: Answers = defaultdict(dict)
    _run_few_shot(evaluation, delivered, answers)
    return StageOutputs(exams, delivered, verdicts, answers)


def _check_rows(evaluation: EvaluationJob, entry: SubmissionData) -> dict[str, tuple[Row, ...]]:
    """The rows of every task that counts. Raises Corrupt if they are not what was stored."""
    wanted = {task.id for task in evaluation.tasks}
    files = [file for file in entry.submission.files if file.task in wanted]
    found = {}
    for done, file in enumerate(files, 1):
        rows = entry.rows(file.task)
        if hashlib.sha256(to_jsonl(rows)).hexdigest() != file.sha256:
            raise CorruptRecord(
                f"{file.path} of submission {entry.submission.id} is not what was stored. "
                "Restore it from the repository's history."
            )
        found[file.task] = rows
        evaluation.report("check", done, len(files))
    return found


def _build_eval_sets(evaluation: EvaluationJob) -> Exams:
    """Every task's exam, in the benchmark's order. Raises Unmeasured where its anchors belong to other rows."""
    found = {}
    for task in evaluation.tasks:
        reference = load_reference(evaluation.context.protocol, evaluation.benchmark, task.id)
        exam = evaluation.context.build_eval_set(task, reference)
        check_anchor_matches(evaluation.anchors, exam, reference)
        found[task.id] = (exam, reference)
    return found


def _screen_tasks(
    evaluation: EvaluationJob, entry: SubmissionData, exams: Exams, rows: dict[str, tuple[Row, ...]]
) -> dict[str, ScreenedTask]:
    sources = evaluation.benchmark.read_sources() if evaluation.context.protocol.screen else {}
    origin = entry.submission.provenance
    origins = {origin.url, *(f"https://huggingface.co/datasets/{file.repo}" for file in origin.fetched)}
    itself = {task for url in origins for task in tasks_from_reference(url, sources)}
    delivered = {}
    for task, (exam, reference) in exams.items():
        if task not in rows:
            continue
        if task in itself:
            log.warning("%s: names the reference of %s as its origin, and is not used", entry.submission.id, task)
            delivered[task] = ScreenedTask(exam, (), None, NOT_ACCEPTED)
        else:
            mine = rows[task][: get_track(exam.task.track).max_rows]
            delivered[task] = _screen_task(evaluation, exam, mine, reference)
        evaluation.report("screen", len(delivered), len(rows))
    return delivered


def _screen_task(evaluation: EvaluationJob, exam: EvalSet, mine: tuple[Row, ...], reference: Reference) -> ScreenedTask:
    bench, settings = evaluation.context, evaluation.context.protocol.screen
    if settings is None:
        return ScreenedTask(exam, mine, None)
    language = exam.task.language
    key = bench.stage_key("screen", settings, language, exam.task.id, hash_rows(mine), hash_rows(reference.test))

    def run_screen() -> tuple[ScreenResult, ResourceUsage]:
        started = time.perf_counter()
        found = screen_rows(mine, reference.test, settings.near, language)
        return found, ResourceUsage(seconds=time.perf_counter() - started)

    screened = bench.run_cached(exam.task.id, "screen", key, ScreenResult, run_screen)
    return ScreenedTask(exam, tuple(mine[number] for number in screened.kept), screened)


def _judge_tasks(
    evaluation: EvaluationJob, entry: SubmissionData, exams: Exams, delivered: dict[str, ScreenedTask]
) -> dict[str, MetadataVerdict]:
    """The judge's verdict on every task, missing ones included; empty without a judge."""
    if evaluation.judge is None:
        return {}
    found = [
        DescribedDataset(
            task=task,
            reference=reference.metadata,
            rows=delivered[task].rows if task in delivered else (),
            metadata=entry.descriptions.get(task),
        )
        for task, (_, reference) in exams.items()
    ]
    said = entry.submission.provenance.description
    bench = evaluation.context

    def report_progress(_name: str, done: int, of: int) -> None:
        bench.progress("judging metadata", done, of)
        evaluation.report("metadata", done, of)

    verdicts = judge_metadata(evaluation.judge, found, said, bench.store, report_progress, bench.costs)
    return {one.task: one for one in verdicts}


def _run_few_shot(evaluation: EvaluationJob, delivered: dict[str, ScreenedTask], answers: Answers) -> None:
    bench, usable = evaluation.context, {task: one for task, one in delivered.items() if one.rows}
    draws = {
        (task, shots): few_shot_requests(bench, one.exam, one.rows, shots)
        for task, one in usable.items()
        for shots in bench.protocol.few_shot.shots
    }
    texts = _run_requests(evaluation, "few_shot", [ask for asks in draws.values() for ask in asks])
    for (task, shots), asks in draws.items():
        mine = tuple(texts[ask.key] for ask in asks)
        answers[task][FEW_SHOT_METHODS[shots]] = MethodAnswers(method=FEW_SHOT_METHODS[shots], draws=mine)


def _run_fine_tune(evaluation: EvaluationJob, found: StageOutputs, scoring: ScoringPool) -> None:
    bench, usable = evaluation.context, [one for one in found.delivered.values() if one.rows]
    asks = [fine_tune_request(bench, one.exam, one.rows, bench.protocol.sft.seed) for one in usable]
    evaluation.report("fine_tune", 0, len(asks))

    def store_answers(ask: ModelRequest, answered: ModelAnswers) -> None:
        task = ask.exam.task.id
        found.answers[task]["fine_tune"] = MethodAnswers(method="fine_tune", draws=(answered.texts,))
        scoring.add(_build_task_record(evaluation, found, task))

    _run_requests(evaluation, "fine_tune", asks, store_answers)


def _run_requests(
    evaluation: EvaluationJob,
    stage: Stage,
    asks: Sequence[ModelRequest],
    enter: Callable[[ModelRequest, ModelAnswers], None] = lambda _ask, _answered: None,
) -> dict[str, tuple[str, ...]]:
    """The answers to all asks, by key; a task is reported when the last of its own is there, and entered."""
    open_ = Counter(ask.exam.task.id for ask in asks)
    tasks, texts = len(open_), {}
    with closing(evaluation.context.run_requests(asks)) as finished:  # a report may stop the evaluation: end the work
        for ask, answered in finished:
            texts[ask.key] = answered.texts
            enter(ask, answered)
            open_[ask.exam.task.id] -= 1
            if not open_[ask.exam.task.id]:
                del open_[ask.exam.task.id]
                evaluation.report(stage, tasks - len(open_), tasks)
    return texts


def _build_records(evaluation: EvaluationJob, found: StageOutputs) -> list[TaskRecord]:
    return [_build_task_record(evaluation, found, task) for task in found.exams]


def _build_task_record(evaluation: EvaluationJob, found: StageOutputs, task: str) -> TaskRecord:
    exam = found.exams[task][0]
    return _assemble_record(evaluation, exam, found.delivered.get(task), found.answers[task], found.verdicts.get(task))


def _assemble_record(
    evaluation: EvaluationJob,
    exam: EvalSet,
    one: ScreenedTask | None,
    answers: dict[Method, MethodAnswers],
    verdict: MetadataVerdict | None,
) -> TaskRecord:
    task: Task = exam.task
    return TaskRecord(
        task=task,
        exam_sha256=exam.sha256,
        questions=exam.rows,
        labels=exam.labels,
        anchor=evaluation.anchors.tasks[task.id],
        end_answers=load_anchor_answers(evaluation.benchmark, evaluation.anchors, task.id),
        rows=min(len(one.rows), evaluation.context.protocol.sft.max_rows) if one else 0,
        delivered=one is not None,
        screened=one.screened if one else None,
        answers=tuple(answers.values()),
        verdict=verdict,
        refused=one.refused if one else None,
    )


def _build_run_record(evaluation: EvaluationJob, entry: SubmissionData) -> RunRecord:
    submission = entry.submission
    return RunRecord(
        submission=submission.id,
        track=submission.track,
        system=submission.system,
        system_type=submission.system_type,
        team=submission.team,
        protocol=evaluation.context.protocol,
        setup=evaluation.context.setup,
        partial=evaluation.partial,
        tasks=tuple(task.id for task in evaluation.tasks),
    )
