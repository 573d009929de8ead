"""Stored records of DatasetResearch: a task's questions, all answers, anchors, findings of screen and judge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from evaluator.errors import AnchorsMissing
from evaluator.runtime.stage_cache import cache_key
from evaluator.scoring.eval_set import EvalSet
from evaluator.scoring.metrics import MetricResult, average_results
from evaluator.scoring.normalization import AnchorScores
from evaluator.scoring.statistics import Clusters, anchor_error
from evaluator.scoring.statistics.clusters import find_clusters
from evaluator.scoring.trivial_baselines import trivial_texts
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.metadata.verdict import MetadataVerdict
from evaluator.stages.screen import ScreenResult
from evaluator.stages.stored_run import StoredRun, StoredTask, read_run, read_tasks
from submissions.records.anchors import Anchor, TrivialAnchor, TrivialAnswer
from submissions.records.base import Record, Sha256
from submissions.records.result import Method
from submissions.records.task import Row

Texts = tuple[str, ...]


class AnchorAnswers(Record):
    """Answers of the base and reference models to a task's test rows, in their order."""

    base: Texts
    reference: tuple[Texts, ...]
    """Answers for each training seed."""
    trivial: tuple[TrivialAnswer, ...] = Field(default=(), exclude_if=lambda answers: not answers)
    """Baselines without a model, from the train rows of the reference."""


class MethodAnswers(Record):
    """A model's answers under one method, once for each draw of shots."""

    method: Method
    draws: tuple[Texts, ...]


class TaskRecord(StoredTask):
    """Complete inputs of a task's scores."""

    exam_sha256: Sha256
    questions: tuple[Row, ...]
    """Test rows of the evaluation."""
    labels: Texts
    """All distinct outputs of the reference."""
    anchor: Anchor
    end_answers: AnchorAnswers | None
    """Answers of the anchors; None if the anchor was imported."""
    rows: int
    """Number of training rows, after the screen; 0 if nothing was delivered, or nothing was left."""
    delivered: bool
    screened: ScreenResult | None
    """Result of the screen; None if nothing was delivered, or the protocol has no screen."""
    answers: tuple[MethodAnswers, ...]
    verdict: MetadataVerdict | None = None
    """Judge's verdict on the data set's description; None if not judged."""
    refused: str | None = None
    """Reason why delivered data was not used at all."""

    def build_eval_set(self, metrics: str) -> EvalSet:
        """Build the evaluation set, to score answers by a version of the metrics."""
        return EvalSet(self.task, self.questions, self.labels, 0, metrics, self.exam_sha256)

    def clusters(self, protocol: AnchoredProtocol) -> Clusters | None:
        """Clusters of the questions; None if the protocol knows none, or no two questions share a passage."""
        return find_protocol_clusters(protocol, self.questions)

    def anchor_scores(self, metrics: str) -> AnchorScores:
        """Base and reference scores of the task, item by item if measured here."""
        if self.end_answers is None:
            return AnchorScores(self.anchor)
        exam, answers = self.build_eval_set(metrics), self.end_answers
        seeds = tuple(exam.score(texts) for texts in answers.reference)
        return AnchorScores(self.anchor, exam.score(answers.base), average_results(seeds), seeds)

    def trivial_results(self, metrics: str) -> dict[str, MetricResult]:
        """Score of every trivial baseline, by its name."""
        exam = self.build_eval_set(metrics)
        trivial = self.end_answers.trivial if self.end_answers else ()
        return {one.name: exam.score(trivial_texts(one, self.questions)) for one in trivial}

    def metric_results(self, metrics: str) -> dict[Method, MetricResult]:
        """Score of every method, averaged over draws."""
        exam = self.build_eval_set(metrics)
        found = {method.method: [exam.score(texts) for texts in method.draws] for method in self.answers}
        return {method: average_results(draws) for method, draws in found.items() if draws}

    def with_anchor_under(self, protocol: AnchoredProtocol) -> TaskRecord:
        """Copy the record with its anchor recomputed from the same answers under another protocol."""
        if self.end_answers is None:
            return self
        exam = self.build_eval_set(protocol.metrics)
        anchor = compute_anchor(exam, self.end_answers, self.anchor.train_sha256, self.clusters(protocol))
        return self.model_copy(update={"anchor": anchor})


class RunRecord(StoredRun[AnchoredProtocol]):
    """Submission, protocol and setup of an evaluation."""


def find_protocol_clusters(protocol: AnchoredProtocol, questions: tuple[Row, ...]) -> Clusters | None:
    """Return the clusters of questions under a protocol; None if it knows none, or no two share a passage."""
    return find_clusters(questions) if protocol.statistics.clusters else None


def compute_anchor(
    exam: EvalSet, answers: AnchorAnswers, train_sha256: str, clusters: Clusters | None = None
) -> Anchor:
    """Compute a task's anchor from its answers; `train_sha256` is the hash of the reference's train rows.

    `clusters` are those of the test rows, if some of them share a passage.
    """
    if not exam.rows:
        raise AnchorsMissing(f"{exam.task.id} has no test rows: import the benchmark again with more rows.")
    base, tops = exam.score(answers.base), [exam.score(texts) for texts in answers.reference]
    reference = average_results(tops)
    seeds = tuple(top.score.value for top in tops if top.score.value is not None)
    return Anchor(
        base=base.score,
        reference=reference.score,
        base_parts=tuple(part.score for _, part in base.parts),
        reference_parts=tuple(part.score for _, part in reference.parts),
        seeds=seeds,
        noise=anchor_error(reference, base, seeds, clusters),
        trivial=tuple(
            TrivialAnchor(
                score=measured.score.model_copy(update={"name": one.name}),
                noise=anchor_error(reference, measured, seeds, clusters),
            )
            for one in answers.trivial
            for measured in (exam.score(trivial_texts(one, exam.rows)),)
        ),
        exam_sha256=exam.sha256,
        train_sha256=train_sha256,
        scored_sha256=exam.scored_sha256,
    )


def hash_benchmark(protocol: AnchoredProtocol, exams: Mapping[str, str]) -> str | None:
    """Hash the evaluation sets of a benchmark, by task; None under protocols of before, whose results have none."""
    return cache_key(sorted(f"{task} {exam}" for task, exam in exams.items())) if protocol.statistics.clusters else None


def load_records(folder: Path) -> tuple[RunRecord, list[TaskRecord]]:
    """Load an evaluation's records. Raises NotFound if the folder has none, CorruptRecord for a damaged file."""
    run = read_run(folder, RunRecord)
    return run, read_tasks(folder, run.tasks, TaskRecord)
