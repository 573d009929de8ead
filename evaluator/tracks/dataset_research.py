"""Scores a DatasetResearch entry: check -> screen -> metadata -> few_shot -> fine_tune -> total.

Every stage but the last adds to what is written down of each task (evaluator/stages/records.py); the last computes the Result
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

from evaluator.config.protocol import BY_SHOTS
from evaluator.runtime.cost_log import write_ledger
from evaluator.runtime.resource_usage import Spent
from evaluator.scoring.eval_set import Answered, Exam, rows_hash
from evaluator.stages.aggregate.result import preview_of, result_of
from evaluator.stages.aggregate.task_scores import Scoring, count_answers
from evaluator.stages.anchors import answers_of, held_for
from evaluator.stages.context import Ask
from evaluator.stages.few_shot import few_shot
from evaluator.stages.fine_tune import fine_tune
from evaluator.stages.metadata.judge import Discovered, judge_metadata
from evaluator.stages.metadata.verdict import MetadataVerdict
from evaluator.stages.records import MethodAnswers, Run, TaskRecord, keep
from evaluator.stages.reference_split import reference_of
from evaluator.stages.screen import Screened, screen, tasks_from_reference
from evaluator.tracks.scorer import Entry, Evaluation
from submissions.arena.arena import dump_lines
from submissions.errors import Corrupt
from submissions.records.models import Method, Reference, Result, Row, Stage, Task
from submissions.tracks import track_named


@dataclass(frozen=True)
class Delivered:
    """One task's data after the screen."""

    exam: Exam
    rows: tuple[Row, ...]
    screened: Screened | None
    refused: str | None = None


Answers = dict[str, dict[Method, MethodAnswers]]
Exams = dict[str, tuple[Exam, Reference]]
NOT_ACCEPTED = "its stated origin is not accepted for this task"
"""Says no more, for it is public: whoever guesses at hidden sources must not be told that a guess was right."""
log = logging.getLogger(__name__)


def evaluate(evaluation: Evaluation, entry: Entry) -> Result:
    """All scores of an entry. Raises EvaluatorError; what was finished before is found again by the next try."""
    evaluation = replace(evaluation, bench=evaluation.bench.anew())
    found = _before_training(evaluation, entry)
    run = _run(evaluation, entry)
    before = _records(evaluation, found)
    if evaluation.preview:
        evaluation.preview(preview_of(run, before))
    with Scoring(run.protocol, count_answers(before)) as scoring:
        _fine_tune(evaluation, found, scoring)
        records = _records(evaluation, found)
        keep(evaluation.folder, run, records)
        costs = evaluation.bench.costs.entered(run.tasks)
        write_ledger(evaluation.folder, run.submission, run.protocol.name, evaluation.bench.profile, costs)
        return result_of(run, records, partial(evaluation.report, "total"), scoring)


def preview(evaluation: Evaluation, entry: Entry) -> Result:
    """The few-shot scores of an entry; nothing is trained. Raises EvaluatorError."""
    evaluation = replace(evaluation, bench=evaluation.bench.anew())
    return preview_of(_run(evaluation, entry), _records(evaluation, _before_training(evaluation, entry)))


def few_shot_ahead(evaluation: Evaluation, entry: Entry) -> None:
    """The few-shot stage alone, for a scorer that will find it done."""
    _few_shot(evaluation, _usable(evaluation, entry), defaultdict(dict))


def fine_tune_ahead(evaluation: Evaluation, entry: Entry) -> None:
    """The fine-tune stage alone, for a scorer that will find it done."""
    bench, delivered = evaluation.bench, _usable(evaluation, entry).values()
    asks = [fine_tune(bench, one.exam, one.rows, bench.protocol.sft.seed) for one in delivered if one.rows]
    _answered(evaluation, "fine_tune", asks)


def _usable(evaluation: Evaluation, entry: Entry) -> dict[str, Delivered]:
    rows = _checked(evaluation, entry)
    return _screened(evaluation, entry, _exams(evaluation), rows)


@dataclass(frozen=True)
class Found:
    """What the stages up to now found, by task."""

    exams: Exams
    delivered: dict[str, Delivered]
    verdicts: dict[str, MetadataVerdict]
    answers: Answers


def _before_training(evaluation: Evaluation, entry: Entry) -> Found:
    rows = _checked(evaluation, entry)
    exams = _exams(evaluation)
    delivered = _screened(evaluation, entry, exams, rows)
    verdicts = _judged(evaluation, entry, exams, delivered)
    answers: Answers = defaultdict(dict)
    _few_shot(evaluation, delivered, answers)
    return Found(exams, delivered, verdicts, answers)


def _checked(evaluation: Evaluation, entry: Entry) -> dict[str, tuple[Row, ...]]:
    """The rows of every task that counts. Raises Corrupt if they are not what was stored."""
    wanted = {task.id for task in evaluation.tasks}
    files = [file for file in entry.submission.files if file.task in wanted]
    found = {}
    for done, file in enumerate(files, 1):
        rows = entry.rows(file.task)
        if hashlib.sha256(dump_lines(rows)).hexdigest() != file.sha256:
            raise Corrupt(
                f"{file.path} of submission {entry.submission.id} is not what was stored. "
                "Restore it from the repository's history."
            )
        found[file.task] = rows
        evaluation.report("check", done, len(files))
    return found


def _exams(evaluation: Evaluation) -> Exams:
    """Every task's exam, in the benchmark's order. Raises Unmeasured where its anchors belong to other rows."""
    found = {}
    for task in evaluation.tasks:
        reference = reference_of(evaluation.bench.protocol, evaluation.benchmark, task.id)
        exam = evaluation.bench.exam(task, reference)
        held_for(evaluation.anchors, exam, reference)
        found[task.id] = (exam, reference)
    return found


def _screened(
    evaluation: Evaluation, entry: Entry, exams: Exams, rows: dict[str, tuple[Row, ...]]
) -> dict[str, Delivered]:
    sources = evaluation.benchmark.sources() if evaluation.bench.protocol.screen else {}
    origin = entry.submission.provenance
    origins = {origin.url, *(f"https://huggingface.co/datasets/{file.repo}" for file in origin.fetched)}
    itself = {task for url in origins for task in tasks_from_reference(url, sources)}
    delivered = {}
    for task, (exam, reference) in exams.items():
        if task not in rows:
            continue
        if task in itself:
            log.warning("%s: names the reference of %s as its origin, and is not used", entry.submission.id, task)
            delivered[task] = Delivered(exam, (), None, NOT_ACCEPTED)
        else:
            mine = rows[task][: track_named(exam.task.track).max_rows]
            delivered[task] = _after_screen(evaluation, exam, mine, reference)
        evaluation.report("screen", len(delivered), len(rows))
    return delivered


def _after_screen(evaluation: Evaluation, exam: Exam, mine: tuple[Row, ...], reference: Reference) -> Delivered:
    bench, settings = evaluation.bench, evaluation.bench.protocol.screen
    if settings is None:
        return Delivered(exam, mine, None)
    language = exam.task.language
    key = bench.key("screen", settings, language, exam.task.id, rows_hash(mine), rows_hash(reference.test))

    def work() -> tuple[Screened, Spent]:
        started = time.perf_counter()
        found = screen(mine, reference.test, settings.near, language)
        return found, Spent(seconds=time.perf_counter() - started)

    screened = bench.once(exam.task.id, "screen", key, Screened, work)
    return Delivered(exam, tuple(mine[number] for number in screened.kept), screened)


def _judged(
    evaluation: Evaluation, entry: Entry, exams: Exams, delivered: dict[str, Delivered]
) -> dict[str, MetadataVerdict]:
    """The judge's verdict on every task, missing ones included; empty without a judge."""
    if evaluation.judge is None:
        return {}
    found = [
        Discovered(
            task=task,
            reference=reference.metadata,
            rows=delivered[task].rows if task in delivered else (),
            metadata=entry.descriptions.get(task),
        )
        for task, (_, reference) in exams.items()
    ]
    said = entry.submission.provenance.description
    bench = evaluation.bench

    def progress(_name: str, done: int, of: int) -> None:
        bench.progress("judging metadata", done, of)
        evaluation.report("metadata", done, of)

    verdicts = judge_metadata(evaluation.judge, found, said, bench.store, progress, bench.costs)
    return {one.task: one for one in verdicts}


def _few_shot(evaluation: Evaluation, delivered: dict[str, Delivered], answers: Answers) -> None:
    bench, usable = evaluation.bench, {task: one for task, one in delivered.items() if one.rows}
    draws = {
        (task, shots): few_shot(bench, one.exam, one.rows, shots)
        for task, one in usable.items()
        for shots in bench.protocol.few_shot.shots
    }
    texts = _answered(evaluation, "few_shot", [ask for asks in draws.values() for ask in asks])
    for (task, shots), asks in draws.items():
        mine = tuple(texts[ask.key] for ask in asks)
        answers[task][BY_SHOTS[shots]] = MethodAnswers(method=BY_SHOTS[shots], draws=mine)


def _fine_tune(evaluation: Evaluation, found: Found, scoring: Scoring) -> None:
    bench, usable = evaluation.bench, [one for one in found.delivered.values() if one.rows]
    asks = [fine_tune(bench, one.exam, one.rows, bench.protocol.sft.seed) for one in usable]
    evaluation.report("fine_tune", 0, len(asks))

    def enter(ask: Ask, answered: Answered) -> None:
        task = ask.exam.task.id
        found.answers[task]["fine_tune"] = MethodAnswers(method="fine_tune", draws=(answered.texts,))
        scoring.add(_record_of(evaluation, found, task))

    _answered(evaluation, "fine_tune", asks, enter)


def _answered(
    evaluation: Evaluation,
    stage: Stage,
    asks: Sequence[Ask],
    enter: Callable[[Ask, Answered], None] = lambda _ask, _answered: None,
) -> dict[str, tuple[str, ...]]:
    """The answers to all asks, by key; a task is reported when the last of its own is there, and entered."""
    open_ = Counter(ask.exam.task.id for ask in asks)
    tasks, texts = len(open_), {}
    with closing(evaluation.bench.answers(asks)) as finished:  # a report may stop the evaluation: end the work
        for ask, answered in finished:
            texts[ask.key] = answered.texts
            enter(ask, answered)
            open_[ask.exam.task.id] -= 1
            if not open_[ask.exam.task.id]:
                del open_[ask.exam.task.id]
                evaluation.report(stage, tasks - len(open_), tasks)
    return texts


def _records(evaluation: Evaluation, found: Found) -> list[TaskRecord]:
    return [_record_of(evaluation, found, task) for task in found.exams]


def _record_of(evaluation: Evaluation, found: Found, task: str) -> TaskRecord:
    exam = found.exams[task][0]
    return _record(evaluation, exam, found.delivered.get(task), found.answers[task], found.verdicts.get(task))


def _record(
    evaluation: Evaluation,
    exam: Exam,
    one: Delivered | None,
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
        end_answers=answers_of(evaluation.benchmark, evaluation.anchors, task.id),
        rows=min(len(one.rows), evaluation.bench.protocol.sft.max_rows) if one else 0,
        delivered=one is not None,
        screened=one.screened if one else None,
        answers=tuple(answers.values()),
        verdict=verdict,
        refused=one.refused if one else None,
    )


def _run(evaluation: Evaluation, entry: Entry) -> Run:
    submission = entry.submission
    return Run(
        submission=submission.id,
        track=submission.track,
        system=submission.system,
        system_type=submission.system_type,
        team=submission.team,
        protocol=evaluation.bench.protocol,
        setup=evaluation.bench.setup,
        partial=evaluation.partial,
        tasks=tuple(task.id for task in evaluation.tasks),
    )
