"""Protocols, anchors and stage records for the evaluator's tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluator.runtime.stage_cache import cache_key
from evaluator.scoring.eval_set import hash_rows
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.context import EvaluationContext
from evaluator.stages.records import MethodAnswers, RunRecord, TaskRecord
from evaluator.tracks.protocols import load_protocol
from submissions.arena.benchmark import Benchmark
from submissions.records.anchors import Anchor, Anchors, Setup
from submissions.records.base import Score
from submissions.records.result import Method
from submissions.records.task import Row, Task

SETUP = Setup(model="null", model_sha256="0" * 64, packages={}, hardware="none", seed=42)


def make_anchor(
    base: float,
    reference: float,
    noise: float = 0.0,
    exam: str = "0" * 64,
    train: str = "0" * 64,
    scored: str = "0" * 64,
) -> Anchor:
    """An imported anchor: it needs no answers."""
    return Anchor(
        base=Score(name="accuracy", value=base, n=10),
        reference=Score(name="accuracy", value=reference, n=10),
        noise=noise,
        origin="official",
        exam_sha256=exam,
        train_sha256=train,
        scored_sha256=scored,
    )


def make_anchors(
    bench: EvaluationContext, benchmark: Benchmark, tasks: Sequence[Task], setup: Setup | None = None
) -> Anchors:
    """Anchors from 0 to 1 for every task."""
    ends = {}
    for task in tasks:
        reference = benchmark.read_reference(task.id)
        exam = bench.build_eval_set(task, reference)
        hashes = {"exam": exam.sha256, "train": hash_rows(reference.train), "scored": exam.scored_sha256}
        ends[task.id] = make_anchor(0.0, 1.0, **hashes)
    protocol = bench.protocol
    return Anchors(protocol=protocol.name, protocol_sha256=protocol.sha256, setup=setup or bench.setup, tasks=ends)


def make_record(
    task: Task, right: Mapping[Method, int], of: int = 4, anchor: Anchor | None = None, **fields: object
) -> TaskRecord:
    """What is written down of a yes-or-no task whose first `right` questions were answered well, by method."""
    rows = tuple(Row(input=f"{task.id} {number}?", output=("yes", "no")[number % 2]) for number in range(of))

    def texts(good: int) -> tuple[str, ...]:
        return tuple(row.output if number < good else "-" for number, row in enumerate(rows))

    known = {
        "task": task,
        "exam_sha256": cache_key(task.id),
        "questions": rows,
        "labels": ("no", "yes"),
        "anchor": anchor or make_anchor(0.0, 1.0),
        "end_answers": None,
        "rows": 10,
        "delivered": True,
        "screened": None,
        "answers": tuple(MethodAnswers(method=method, draws=(texts(good),)) for method, good in right.items()),
    }
    return TaskRecord.model_validate(known | fields)


def make_run(tasks: Sequence[Task], protocol: AnchoredProtocol | None = None) -> RunRecord:
    return RunRecord(
        submission="0" * 26,
        track="dataset_research",
        system="Finder",
        system_type="search",
        team="Team",
        protocol=protocol or make_protocol(),
        setup=SETUP,
        partial=None,
        tasks=tuple(task.id for task in tasks),
    )


def make_protocol(**changes: dict[str, object]) -> AnchoredProtocol:
    """demo@1 with some settings changed, by section."""
    protocol = load_protocol("demo@1")
    sections = {name: getattr(protocol, name).model_copy(update=fields) for name, fields in changes.items()}
    return protocol.model_copy(update=sections)
