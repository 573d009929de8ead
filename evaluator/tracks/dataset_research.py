"""Scores a DatasetResearch entry: check -> screen -> (metadata) -> few_shot -> fine_tune -> total.

The metadata stage joins between screen and few_shot when a judge is configured; it never moves a rank.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass

from evaluator.anchors import held_for
from evaluator.exam import Exam, rows_hash
from evaluator.few_shot import METHOD, few_shot
from evaluator.fine_tune import Unit, fine_tune
from evaluator.gain import admitted, gain, totals
from evaluator.metrics import Measured
from evaluator.screen import Screened, screen
from evaluator.tracks.evaluation import Entry, Evaluation
from submissions.arena import dump_lines
from submissions.errors import Corrupt, EvaluatorError
from submissions.models import Method, MethodScore, Result, Row, Score, Task, TaskResult
from submissions.tracks import track_named


@dataclass(frozen=True)
class Delivered:
    """One task's data after the screen."""

    exam: Exam
    rows: tuple[Row, ...]
    screened: Screened


Scores = dict[str, list[MethodScore]]


def evaluate(evaluation: Evaluation, entry: Entry) -> Result:
    """All scores of an entry. Raises EvaluatorError; what was finished before is found again by the next try."""
    rows = _checked(evaluation, entry)
    delivered = _screened(evaluation, rows)
    scores: Scores = defaultdict(list)
    _few_shot(evaluation, delivered, scores)
    _fine_tune(evaluation, delivered, scores)
    return _total(evaluation, entry, delivered, scores)


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


def _screened(evaluation: Evaluation, rows: dict[str, tuple[Row, ...]]) -> list[Delivered]:
    bench = evaluation.bench
    delivered = []
    for task in evaluation.tasks:
        if task.id not in rows:
            continue
        reference = evaluation.benchmark.reference(task.id)
        exam = bench.exam(task, reference)
        held_for(evaluation.anchors, exam, reference)
        mine = rows[task.id][: track_named(task.track).max_rows]
        key = bench.key("screen", task.id, rows_hash(mine), rows_hash(reference.test))
        screened = bench.store.find("screen", key, Screened)
        screened = screened or bench.store.keep("screen", key, screen(mine, reference.test))
        kept = tuple(mine[number] for number in screened.kept)
        delivered.append(Delivered(exam, kept, screened))
        evaluation.report("screen", len(delivered), len(rows))
    return delivered


def _few_shot(evaluation: Evaluation, delivered: list[Delivered], scores: Scores) -> None:
    usable = [one for one in delivered if one.rows]
    for done, one in enumerate(usable, 1):
        for shots in evaluation.bench.protocol.few_shot.shots:
            measured = few_shot(evaluation.bench, one.exam, one.rows, shots)
            scores[one.exam.task.id].append(_scored(evaluation, one.exam.task, METHOD[shots], measured))
        evaluation.report("few_shot", done, len(usable))


def _fine_tune(evaluation: Evaluation, delivered: list[Delivered], scores: Scores) -> None:
    units = [Unit(one.exam, one.rows) for one in delivered if one.rows]
    evaluation.report("fine_tune", 0, len(units))
    for done, (unit, measured) in enumerate(fine_tune(evaluation.bench, units), 1):
        scores[unit.exam.task.id].append(_scored(evaluation, unit.exam.task, "fine_tune", measured))
        evaluation.report("fine_tune", done, len(units))


def _scored(evaluation: Evaluation, task: Task, method: Method, measured: Measured) -> MethodScore:
    anchor, rules = evaluation.anchors.tasks[task.id], evaluation.bench.protocol.gain
    return MethodScore(
        method=method,
        score=measured.score,
        gain=gain(measured.score, anchor, rules),
        others=tuple(other.score for other in measured.others),
    )


def _total(evaluation: Evaluation, entry: Entry, delivered: list[Delivered], scores: Scores) -> Result:
    by_task = {one.exam.task.id: one for one in delivered}
    results = tuple(_task_result(evaluation, task, by_task.get(task.id), scores) for task in evaluation.tasks)
    _all_scored(evaluation, results)
    evaluation.report("total", len(results), len(results))
    protocol = evaluation.bench.protocol
    submission = entry.submission
    return Result(
        submission=submission.id,
        track=submission.track,
        system=submission.system,
        system_type=submission.system_type,
        team=submission.team,
        protocol=protocol.name,
        protocol_sha256=protocol.sha256,
        setup=evaluation.bench.setup,
        flagged=_flag(delivered, protocol.screen.flag_over) or evaluation.partial,
        tasks=results,
        totals=totals(evaluation.tasks, results, evaluation.anchors.tasks, protocol.methods),
    )


def _task_result(evaluation: Evaluation, task: Task, one: Delivered | None, scores: Scores) -> TaskResult:
    anchor = evaluation.anchors.tasks[task.id]
    protocol = evaluation.bench.protocol
    nothing = "every row copied a hidden test row" if one else "no data was delivered"
    return TaskResult(
        task=task.id,
        state="scored" if one and one.rows else "missing",
        rows=min(len(one.rows), protocol.sft.max_rows) if one else 0,
        removed=one.screened.removed if one else 0,
        base=anchor.base,
        reference=anchor.reference,
        methods=tuple(scores[task.id])
        if one and one.rows
        else tuple(_no_gain(task, method, nothing) for method in protocol.methods),
    )


def _all_scored(evaluation: Evaluation, results: tuple[TaskResult, ...]) -> None:
    """Raise EvaluatorError for a number that could not be measured: it blocks publication (DESIGN.md, rule 2)."""
    for result in results:
        if admitted(evaluation.anchors.tasks[result.task]):
            for score in result.methods:
                if score.gain.value is None:
                    raise EvaluatorError(f"{result.task} could not be scored by {score.method}: {score.gain.why}.")


def _no_gain(task: Task, method: Method, why: str) -> MethodScore:
    """A missing task: nothing to score, and no gain (SCORING.md, arena@1, rule 2)."""
    return MethodScore(
        method=method, score=Score(name=task.metric, n=0, why=why), gain=Score(name="gain", value=0.0, n=0)
    )


def _flag(delivered: list[Delivered], over: float) -> str | None:
    removed = sum(one.screened.removed for one in delivered)
    rows = removed + sum(len(one.screened.kept) for one in delivered)
    if rows and removed / rows > over:
        return (
            f"{removed} of {rows} rows ({removed / rows:.0%}) copy hidden test rows, more than {over:.0%}: "
            "unranked until an organiser has looked."
        )
    return None
