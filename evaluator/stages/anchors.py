"""Anchors: scores of the untouched base model, and of models trained on the reference's own rows.

anchors/<protocol>.json         the numbers, for all tasks
anchors/<protocol>/<task>.json  the answers they were computed from
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from evaluator.config.protocol import GainScale
from evaluator.errors import AnchorsMissing
from evaluator.scoring.eval_set import EvalSet, ModelAnswers, hash_rows
from evaluator.scoring.metrics import MetricResult
from evaluator.scoring.normalization import is_admitted
from evaluator.scoring.trivial_baselines import find_trivial_answers
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.context import EvaluationContext
from evaluator.stages.fine_tune import base_model_request, fine_tune_request
from evaluator.stages.records import AnchorAnswers, compute_anchor, find_protocol_clusters, hash_benchmark
from evaluator.stages.reference_split import load_reference
from submissions.arena.arena import commit_with_retry
from submissions.arena.benchmark import Benchmark, OfficialAnchor
from submissions.errors import NotFound
from submissions.records.anchors import Anchor, Anchors, TrivialAnswer
from submissions.records.base import Score
from submissions.records.result import ResultVersion
from submissions.records.task import Reference, Task
from submissions.storage.codec import read_record, to_json
from submissions.storage.repo import Change

log = logging.getLogger(__name__)


def measure_anchors(benchmark: Benchmark, bench: EvaluationContext, tasks: Sequence[Task]) -> Anchors:
    """Measure these tasks' anchors, store them in the benchmark beside the still valid ones, and return all."""
    exams, trainings, trained, trivial = {}, [], {}, {}
    for task in tasks:
        reference = load_reference(bench.protocol, benchmark, task.id)
        exams[task.id], trained[task.id] = bench.build_eval_set(task, reference), hash_rows(reference.train)
        trivial[task.id] = _trivial_answers(bench.protocol, task, reference)
        trainings += [
            fine_tune_request(bench, exams[task.id], reference.train, seed) for seed in bench.protocol.anchors.seeds
        ]
    bases = {
        ask.exam.task.id: answered
        for ask, answered in bench.run_requests([base_model_request(bench, one) for one in exams.values()])
    }
    tops: dict[str, dict[int, ModelAnswers]] = defaultdict(dict)
    for ask, answered in bench.run_requests(trainings):
        tops[ask.exam.task.id][ask.seed] = answered
    answers = {
        task: AnchorAnswers(
            base=bases[task].texts,
            reference=tuple(tops[task][seed].texts for seed in bench.protocol.anchors.seeds),
            trivial=trivial[task],
        )
        for task in exams
    }
    fresh = {
        task: compute_anchor(exam, answers[task], trained[task], find_protocol_clusters(bench.protocol, exam.rows))
        for task, exam in exams.items()
    }
    return _store_anchors(benchmark, bench, fresh, answers)


def _trivial_answers(protocol: AnchoredProtocol, task: Task, reference: Reference) -> tuple[TrivialAnswer, ...]:
    scale = protocol.scale
    has_floors = isinstance(scale, GainScale) and scale.floors
    return find_trivial_answers(task.category, reference.train) if has_floors else ()


def import_anchors(benchmark: Benchmark, bench: EvaluationContext, tasks: Sequence[Task]) -> Anchors:
    """Import these tasks' anchors from the official release's score files (`curation import-official`).

    Raises NotFound where the benchmark has none, or the protocol's scores are not the release's.
    """
    if bench.protocol.scale.kind != "ratio":
        raise NotFound(
            f"There are no official scores under {bench.protocol.name}: the release was measured by paper@1. "
            "Choose that protocol, or omit --official."
        )
    official = benchmark.read_official_anchors()
    if official is None:
        raise NotFound("This benchmark has no official scores: build it with `python -m curation import-official`.")
    if missing := [task.id for task in tasks if task.id not in official.tasks]:
        raise NotFound(f"The release has no scores for {', '.join(missing)}: name the others with --tasks.")
    fresh = {}
    for task in tasks:
        reference = load_reference(bench.protocol, benchmark, task.id)
        exam = bench.build_eval_set(task, reference)
        fresh[task.id] = official_anchor(exam, official.tasks[task.id], hash_rows(reference.train))
    return _store_anchors(benchmark, bench, fresh, {})


def official_anchor(exam: EvalSet, published: OfficialAnchor, train_sha256: str) -> Anchor:
    """Convert a task's published anchor to our scale, combined as paper@1 combines its metrics."""
    nothing = exam.score([""] * len(exam.rows))
    base, reference = (_combine_parts(nothing, side) for side in (published.base, published.reference))
    return Anchor(
        base=base[0],
        reference=reference[0],
        base_parts=base[1],
        reference_parts=reference[1],
        noise=0.0,
        origin="official",
        exam_sha256=exam.sha256,
        train_sha256=train_sha256,
        scored_sha256=exam.scored_sha256,
    )


def _combine_parts(shape: MetricResult, published: Mapping[str, Score]) -> tuple[Score, tuple[Score, ...]]:
    """Combine the published parts of a metric into its score; `shape` defines the parts. Returns both."""
    if not shape.parts:
        return _published_score(published, shape.name), ()
    parts = tuple(_published_score(published, part.name) for _, part in shape.parts)
    missing = [part for part in parts if part.value is None]
    if missing:
        return Score(name=shape.name, n=missing[0].n, why=missing[0].why), parts
    value = sum(weight * (part.value or 0.0) for (weight, _), part in zip(shape.parts, parts, strict=True))
    return Score(name=shape.name, value=value, n=parts[0].n), parts


def _published_score(published: Mapping[str, Score], name: str) -> Score:
    return published.get(name) or Score(name=name, n=0, why="the release has no score for it")


def load_anchor_answers(benchmark: Benchmark, anchors: Anchors, task: str) -> AnchorAnswers | None:
    """Load the answers behind a task's anchor; None if the anchor was imported. Raises AnchorsMissing."""
    if anchors.tasks[task].origin == "official":
        return None
    try:
        return read_record(benchmark.repo, _anchor_path(anchors.protocol, task), AnchorAnswers)
    except NotFound as error:
        raise AnchorsMissing(
            f"The stored answers of the anchors of {task} are missing. {_rerun_hint(anchors.protocol)}"
        ) from error


def load_checked_anchors(benchmark: Benchmark, bench: EvaluationContext, tasks: Sequence[Task]) -> Anchors:
    """Load the benchmark's anchors. Raises AnchorsMissing if measured under other rules or another model."""
    try:
        anchors = benchmark.read_anchors(bench.protocol.name)
    except NotFound as error:
        raise AnchorsMissing(str(error)) from error
    again = _rerun_hint(bench.protocol.name)
    if anchors.protocol_sha256 != bench.protocol.sha256:
        raise AnchorsMissing(f"The anchors were measured under an earlier version of {bench.protocol.name}. {again}")
    if anchors.setup.model_sha256 != bench.setup.model_sha256:
        raise AnchorsMissing(f"The anchors belong to other weights of {anchors.setup.model}. {again}")
    if anchors.setup.pipeline != bench.setup.pipeline:
        raise AnchorsMissing(f"The anchors were measured by another version of the evaluator. {again}")
    if missing := [task.id for task in tasks if task.id not in anchors.tasks]:
        raise AnchorsMissing(f"No anchors for {', '.join(missing)}. {again}")
    return anchors


def current_version(benchmark: Benchmark, protocol: AnchoredProtocol) -> ResultVersion:
    """Return the versions that results are measured under now; the benchmark's is None before its anchors are."""
    known = {task.id for task in benchmark.read_tasks() if task.track == protocol.track}
    try:
        anchors = benchmark.read_anchors(protocol.name)
    except NotFound:
        return ResultVersion(protocol.sha256, None)
    exams = {task: anchor.exam_sha256 for task, anchor in anchors.tasks.items() if task in known}
    is_whole = anchors.protocol_sha256 == protocol.sha256 and exams.keys() == known
    return ResultVersion(protocol.sha256, hash_benchmark(protocol, exams) if is_whole else None)


def check_anchor_matches(anchors: Anchors, exam: EvalSet, reference: Reference) -> None:
    """Raise AnchorsMissing if a task's anchors were measured on other rows than it has now, or scored otherwise."""
    anchor = anchors.tasks[exam.task.id]
    if anchor.scored_sha256 != exam.scored_sha256:
        raise AnchorsMissing(
            f"The category or language of {exam.task.id} has changed since its anchors were measured. "
            f"{_rerun_hint(anchors.protocol)}"
        )
    if (anchor.exam_sha256, anchor.train_sha256) != (exam.sha256, hash_rows(reference.train)):
        raise AnchorsMissing(
            f"The rows of {exam.task.id} have changed since its anchors were measured. {_rerun_hint(anchors.protocol)}"
        )


def unadmitted_tasks(anchors: Anchors, protocol: AnchoredProtocol) -> list[str]:
    """Tasks whose gain is indistinguishable from noise; they do not count."""
    return [task for task, anchor in anchors.tasks.items() if not is_admitted(anchor, protocol.scale)]


def _store_anchors(
    benchmark: Benchmark, bench: EvaluationContext, fresh: dict[str, Anchor], answers: dict[str, AnchorAnswers]
) -> Anchors:
    found = Anchors(
        protocol=bench.protocol.name,
        protocol_sha256=bench.protocol.sha256,
        setup=bench.setup,
        tasks=_reusable_anchors(benchmark, bench, fresh) | fresh,
    )
    files = {_anchor_path(found.protocol, task): to_json(answer) for task, answer in answers.items()}
    files[f"anchors/{found.protocol}.json"] = to_json(found)
    present = set(benchmark.repo.list("anchors/"))
    changed = [
        Change(path, content)
        for path, content in files.items()
        if path not in present or benchmark.repo.read(path) != content
    ]
    if changed:
        commit_with_retry(benchmark.repo, changed)
    return found


def _reusable_anchors(benchmark: Benchmark, bench: EvaluationContext, measured: Collection[str]) -> dict[str, Anchor]:
    """Anchors measured earlier by the same rules and setup; drops those of another setup and names them in the log."""
    path = f"anchors/{bench.protocol.name}.json"
    if path not in benchmark.repo.list(path):
        return {}
    old = benchmark.read_anchors(bench.protocol.name)
    known = {task.id for task in benchmark.read_tasks()}
    if (old.protocol_sha256, old.setup) == (bench.protocol.sha256, bench.setup):
        return {task: anchor for task, anchor in old.tasks.items() if task in known}
    if gone := sorted((old.tasks.keys() & known) - set(measured)):
        log.warning(
            "Anchors of %s were measured with another protocol, weights, software or hardware, and dropped: measure "
            "them again on this machine.",
            ", ".join(gone),
        )
    return {}


def _anchor_path(protocol: str, task: str) -> str:
    return f"anchors/{protocol}/{task}.json"


def _rerun_hint(protocol: str) -> str:
    return f"Run `python -m evaluator anchors --protocol {protocol}` on this benchmark again."
