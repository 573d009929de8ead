"""Scores a DatasetResearch entry: check -> screen -> metadata -> few_shot -> fine_tune -> total.

Every stage but the last adds to the stored record of each task (evaluator/stages/records.py); the last computes the
Result from that alone, so that it can be computed again. Between two tasks each stage asks whether the evaluation was
cancelled, then emits its progress.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from evaluator.config.screen_settings import FormerNearDuplicateSettings
from evaluator.errors import ProtocolMismatch
from evaluator.runtime.cost_log import write_ledger
from evaluator.runtime.resource_usage import ResourceUsage
from evaluator.scoring.eval_set import EvalSet, ModelAnswers, hash_rows
from evaluator.stages.aggregate.result import build_preview, build_result
from evaluator.stages.aggregate.task_scores import ScoringPool, count_answers
from evaluator.stages.anchored_protocol import FEW_SHOT_METHODS
from evaluator.stages.anchors import check_anchor_matches, load_anchor_answers, load_checked_anchors
from evaluator.stages.context import EvaluationContext, ModelRequest
from evaluator.stages.few_shot import few_shot_requests
from evaluator.stages.fine_tune import fine_tune_request
from evaluator.stages.metadata.judge import DescribedDataset, Judge, judge_metadata
from evaluator.stages.metadata.verdict import MetadataVerdict
from evaluator.stages.records import MethodAnswers, RunRecord, TaskRecord
from evaluator.stages.reference_split import load_reference
from evaluator.stages.screen import ScreenResult, screen_rows, tasks_from_reference
from evaluator.stages.stored_run import save_records
from evaluator.tracks.evaluation_job import EvaluationJob, SubmissionData
from evaluator.tracks.events import PreviewReady, StageProgress
from submissions.records.anchors import Anchors
from submissions.records.result import Result
from submissions.records.status import Stage
from submissions.records.task import Reference, Row
from submissions.storage.codec import parse_lines
from submissions.tracks import get_track
from submissions.tracks.dataset_research import ROW_LIMITS


@dataclass(frozen=True)
class ScreenedTask:
    """One task's data after the screen."""

    exam: EvalSet
    rows: tuple[Row, ...]
    screened: ScreenResult | None
    refused: str | None = None


@dataclass(frozen=True)
class StageOutputs:
    """Outputs of the stages before the trainings, by task."""

    anchors: Anchors
    exams: Exams
    delivered: dict[str, ScreenedTask]
    verdicts: dict[str, MetadataVerdict]
    answers: Answers


Job = EvaluationJob[EvaluationContext]
Answers = Mapping[str, tuple[MethodAnswers, ...]]
Exams = dict[str, tuple[EvalSet, Reference]]
NOT_ACCEPTED = "its stated origin is not accepted for this task"
"""Deliberately vague, as it is public: a guess at hidden sources must not be confirmed."""
log = logging.getLogger(__name__)


def evaluate_submission(job: Job, entry: SubmissionData) -> Result:
    """Compute all scores of an entry. Raises EvaluatorError; the next try reuses finished work."""
    job = replace(job, context=job.context.with_fresh_costs())
    outputs = _run_cheap_stages(job, entry)
    run, records = _build_run_record(job, entry), _build_records(job, outputs)
    if job.wants_preview:
        job.emit(PreviewReady(build_preview(run, list(records.values()))))
    with ScoringPool(run.protocol, count_answers(records.values())) as scoring:
        with closing(_run_fine_tune(job, outputs.delivered)) as finished:
            for task, answers in finished:
                records[task] = _add_answers(records[task], answers)
                scoring.add(records[task])
        save_records(job.folder, run, list(records.values()))
        costs = job.context.costs.collect(get_track(run.track).stages, run.tasks)
        write_ledger(job.folder, run.submission, run.protocol.name, job.context.profile, costs)
        job.check_cancelled()
        return build_result(
            run, list(records.values()), lambda done, of: job.emit(StageProgress("total", done, of)), scoring
        )


def preview_submission(job: Job, entry: SubmissionData) -> Result:
    """Compute the few-shot scores of an entry, without any training. Raises EvaluatorError."""
    job = replace(job, context=job.context.with_fresh_costs())
    records = _build_records(job, _run_cheap_stages(job, entry))
    return build_preview(_build_run_record(job, entry), list(records.values()))


def precompute_few_shot(job: Job, entry: SubmissionData) -> None:
    """Run the few-shot stage alone; the scorer reuses its stored work."""
    _run_few_shot(job, _prepare_tasks(job, entry))


def precompute_fine_tune(job: Job, entry: SubmissionData) -> None:
    """Run the fine-tune stage alone; the scorer reuses its stored work."""
    bench, delivered = job.context, _prepare_tasks(job, entry).values()
    requests = [fine_tune_request(bench, one.exam, one.rows, bench.protocol.sft.seed) for one in delivered if one.rows]
    with closing(_run_requests(job, "fine_tune", requests)) as finished:
        for _ in finished:
            pass  # the answers are already stored


def _prepare_tasks(job: Job, entry: SubmissionData) -> dict[str, ScreenedTask]:
    anchors = load_checked_anchors(job.benchmark, job.context, job.tasks)
    rows = _check_rows(job, entry)
    return _screen_tasks(job, entry, _build_eval_sets(job, anchors), rows)


def _run_cheap_stages(job: Job, entry: SubmissionData) -> StageOutputs:
    anchors = load_checked_anchors(job.benchmark, job.context, job.tasks)
    rows = _check_rows(job, entry)
    exams = _build_eval_sets(job, anchors)
    delivered = _screen_tasks(job, entry, exams, rows)
    verdicts = _judge_tasks(job, entry, exams, delivered)
    return StageOutputs(anchors, exams, delivered, verdicts, _run_few_shot(job, delivered))


def _check_rows(job: Job, entry: SubmissionData) -> dict[str, tuple[Row, ...]]:
    """Read the rows of every task that counts. Raises CorruptRecord if they differ from the stored ones."""
    wanted = {task.id for task in job.tasks}
    files = {file.task: file for file in entry.submission.files if file.task in wanted}
    checked = {}
    for done, (task, file) in enumerate(files.items(), 1):
        checked[task] = parse_lines(file.path, entry.read_verified(file), Row)
        job.check_cancelled()
        job.emit(StageProgress("check", done, len(files)))
    return checked


def _build_eval_sets(job: Job, anchors: Anchors) -> Exams:
    """Build every task's evaluation set, in benchmark order.

    Raises AnchorsMissing if its anchors belong to other rows.
    """
    exams = {}
    for task in job.tasks:
        reference = load_reference(job.context.protocol, job.benchmark, task.id)
        exam = job.context.build_eval_set(task, reference)
        check_anchor_matches(anchors, exam, reference)
        exams[task.id] = (exam, reference)
    return exams


def _screen_tasks(
    job: Job, entry: SubmissionData, exams: Exams, rows: dict[str, tuple[Row, ...]]
) -> dict[str, ScreenedTask]:
    sources = job.benchmark.read_sources() if job.context.protocol.screen else {}
    origin = entry.submission.provenance
    origins = {origin.url, *(f"https://huggingface.co/datasets/{file.repo}" for file in origin.fetched)}
    copied = {task for url in origins for task in tasks_from_reference(url, sources)}
    delivered = {}
    for task, (exam, reference) in exams.items():
        if task not in rows:
            continue
        if task in copied:
            log.warning("%s: not used, as its stated origin is the reference of %s", entry.submission.id, task)
            delivered[task] = ScreenedTask(exam, (), None, NOT_ACCEPTED)
        else:
            counted = rows[task][: ROW_LIMITS.max_rows]
            delivered[task] = _screen_task(job, exam, counted, reference)
        job.check_cancelled()
        job.emit(StageProgress("screen", len(delivered), len(rows)))
    return delivered


def _screen_task(job: Job, exam: EvalSet, rows: tuple[Row, ...], reference: Reference) -> ScreenedTask:
    bench, settings = job.context, job.context.protocol.screen
    if settings is None:
        return ScreenedTask(exam, rows, None)
    language = exam.task.language
    key = bench.stage_key("screen", settings, language, exam.task.id, hash_rows(rows), hash_rows(reference.test))

    def run_screen() -> tuple[ScreenResult, ResourceUsage]:
        if isinstance(settings.near, FormerNearDuplicateSettings):
            raise ProtocolMismatch(
                f"{job.context.protocol.name} has a screen of former rules ({settings.normalisation}), which "
                "this version reads but does not run. Evaluate the submission under today's rules "
                "(`arena-evaluate requeue`)."
            )
        started = time.perf_counter()
        result = screen_rows(rows, reference.test, settings.near, language)
        return result, ResourceUsage(seconds=time.perf_counter() - started)

    screened = bench.run_cached(exam.task.id, "screen", key, ScreenResult, run_screen)
    return ScreenedTask(exam, tuple(rows[number] for number in screened.kept), screened)


def _judge_tasks(
    job: Job, entry: SubmissionData, exams: Exams, delivered: dict[str, ScreenedTask]
) -> dict[str, MetadataVerdict]:
    """Judge every task, missing ones included; empty without a judge."""
    with job.context.open_judge(entry.submission.id) as judge:
        return {} if judge is None else _run_judge(job, judge, entry, exams, delivered)


def _run_judge(
    job: Job, judge: Judge, entry: SubmissionData, exams: Exams, delivered: dict[str, ScreenedTask]
) -> dict[str, MetadataVerdict]:
    described = [
        DescribedDataset(
            task=task,
            reference=reference.metadata,
            rows=delivered[task].rows if task in delivered else (),
            metadata=entry.descriptions.get(task),
        )
        for task, (_, reference) in exams.items()
    ]
    provenance, bench = entry.submission.provenance.description, job.context

    def report_progress(_name: str, done: int, of: int) -> None:
        bench.progress("judging metadata", done, of)
        job.emit(StageProgress("metadata", done, of))

    verdicts = judge_metadata(
        judge, described, provenance, bench.store, report_progress, bench.costs, job.check_cancelled
    )
    return {one.task: one for one in verdicts}


def _run_few_shot(job: Job, delivered: dict[str, ScreenedTask]) -> Answers:
    bench, usable = job.context, {task: one for task, one in delivered.items() if one.rows}
    draws = {
        (task, shots): few_shot_requests(bench, one.exam, one.rows, shots)
        for task, one in usable.items()
        for shots in bench.protocol.few_shot.shots
    }
    with closing(_run_requests(job, "few_shot", [one for drawn in draws.values() for one in drawn])) as finished:
        texts = {request.key: answered.texts for request, answered in finished}
    answers: dict[str, tuple[MethodAnswers, ...]] = {}
    for (task, shots), requests in draws.items():
        drawn = tuple(texts[request.key] for request in requests)
        answers[task] = (*answers.get(task, ()), MethodAnswers(method=FEW_SHOT_METHODS[shots], draws=drawn))
    return answers


def _run_fine_tune(job: Job, delivered: dict[str, ScreenedTask]) -> Generator[tuple[str, MethodAnswers], None, None]:
    """Yield each task with the answers of the model trained on its rows, as it finishes."""
    bench, usable = job.context, [one for one in delivered.values() if one.rows]
    requests = [fine_tune_request(bench, one.exam, one.rows, bench.protocol.sft.seed) for one in usable]
    job.check_cancelled()
    job.emit(StageProgress("fine_tune", 0, len(requests)))
    with closing(_run_requests(job, "fine_tune", requests)) as finished:
        for request, answered in finished:
            yield request.exam.task.id, MethodAnswers(method="fine_tune", draws=(answered.texts,))


def _run_requests(
    job: Job, stage: Stage, requests: Sequence[ModelRequest]
) -> Generator[tuple[ModelRequest, ModelAnswers], None, None]:
    """Yield each request with its answers; report a task after its last answers."""
    unanswered = Counter(request.exam.task.id for request in requests)
    tasks = len(unanswered)
    with closing(job.context.run_requests(requests)) as finished:  # a withdrawal stops running work, too
        for request, answered in finished:
            yield request, answered
            task = request.exam.task.id
            unanswered[task] -= 1
            if not unanswered[task]:
                del unanswered[task]
                job.check_cancelled()
                job.emit(StageProgress(stage, tasks - len(unanswered), tasks))


def _build_records(job: Job, outputs: StageOutputs) -> dict[str, TaskRecord]:
    """Build every task's record, as far as the stages before the trainings complete it."""
    return {task: _build_task_record(job, outputs, task) for task in outputs.exams}


def _build_task_record(job: Job, outputs: StageOutputs, task: str) -> TaskRecord:
    exam, screened = outputs.exams[task][0], outputs.delivered.get(task)
    return TaskRecord(
        task=exam.task,
        exam_sha256=exam.sha256,
        questions=exam.rows,
        labels=exam.labels,
        anchor=outputs.anchors.tasks[task],
        end_answers=load_anchor_answers(job.benchmark, outputs.anchors, task),
        rows=min(len(screened.rows), job.context.protocol.sft.max_rows) if screened else 0,
        delivered=screened is not None,
        screened=screened.screened if screened else None,
        answers=outputs.answers.get(task, ()),
        verdict=outputs.verdicts.get(task),
        refused=screened.refused if screened else None,
    )


def _add_answers(record: TaskRecord, answers: MethodAnswers) -> TaskRecord:
    return record.model_copy(update={"answers": (*record.answers, answers)})


def _build_run_record(job: Job, entry: SubmissionData) -> RunRecord:
    return RunRecord(**job.describe_run(entry.submission))
