"""Small benchmarks, deliveries and protocols for the evaluator's tests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from evaluator.config.protocol import Protocol, load_protocol
from evaluator.runtime.stage_cache import cache_key
from evaluator.scoring.eval_set import hash_rows
from evaluator.stages.context import EvaluationContext
from evaluator.stages.records import MethodAnswers, RunRecord, TaskRecord
from submissions.arena.arena import Arena
from submissions.arena.benchmark import Benchmark, Split
from submissions.checking.check import check_sources
from submissions.records.anchors import Anchor, Anchors, Setup
from submissions.records.base import Score
from submissions.records.result import Method
from submissions.records.submission import DataFile, Submission
from submissions.records.task import Metadata, Reference, Row, Task
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
METADATA = Metadata(introduction="i", task="t", question="q", input="i", output="o", source="s", samples_count=0)
SETUP = Setup(model="null", model_sha256="0" * 64, packages={}, hardware="none", seed=42)


def a_task(name: str, category: str = "question_answering", **fields: object) -> Task:
    known = {
        "id": name,
        "track": "dataset_research",
        "title": name,
        "category": category,
        "kind": "knowledge",
        "language": "en",
        "metric": TRACKS["dataset_research"].categories[category],
        "demand": "I need data.",
    }
    return Task.model_validate(known | fields)


def some_rows(name: str, count: int, start: int = 0) -> tuple[Row, ...]:
    return tuple(
        Row(input=f"{name}: what comes after {number}?", output=f"the number {number + 1}")
        for number in range(start, start + count)
    )


def a_reference(task: str, train: int = 4, test: int = 4) -> Reference:
    return Reference(task=task, metadata=METADATA, train=some_rows(task, train), test=some_rows(task, test, start=1000))


def a_benchmark(
    folder: Path, tasks: Sequence[Task], train: int = 4, test: int = 4, rows: Sequence[Row] = ()
) -> Benchmark:
    """A benchmark whose reference rows are those of `a_reference`, or `rows`, every other one for the test."""
    changes = [Change("tasks.jsonl", to_jsonl(tasks))]
    train, test = (len(rows[::2]), len(rows[1::2])) if rows else (train, test)
    for task in tasks:
        reference, where = a_reference(task.id, train, test), f"references/{task.id}"
        if rows:
            reference = reference.model_copy(update={"train": tuple(rows[::2]), "test": tuple(rows[1::2])})
        changes += [
            Change(f"{where}/metadata.json", to_json(reference.metadata)),
            Change(f"{where}/train.jsonl", to_jsonl(reference.train)),
            Change(f"{where}/test.jsonl", to_jsonl(reference.test)),
            Change(f"{where}/split.json", to_json(Split(rule="hash-split@1", sides="te" * min(train, test)))),
        ]
    repo = LocalRepo(folder)
    repo.commit(changes, repo.head())
    return Benchmark(repo)


def a_file(task: str, rows: Sequence[Row]) -> DataFile:
    """How a submission names these rows."""
    content = to_jsonl(rows)
    digest = hashlib.sha256(content).hexdigest()
    return DataFile(task=task, path=f"data/{task}.jsonl", sha256=digest, bytes=len(content), rows=len(rows))


def delivered(folder: Path, rows: Mapping[str, Sequence[Row]]) -> Path:
    """A folder as a submitter delivers it."""
    folder.mkdir(parents=True)
    for task, mine in rows.items():
        (folder / f"{task}.jsonl").write_bytes(to_jsonl(mine))
    return folder


def submitted(arena: Arena, tasks: Sequence[Task], folder: Path) -> Submission:
    """Check a delivered folder and store it, as the web app does."""
    into = folder.with_name(f"{folder.name}-checked")
    into.mkdir()
    report = check_sources([folder], tasks, into=into, track=TRACKS["dataset_research"])
    form = {"system": folder.name, "system_type": "search", "team": "Team", "submitter": "An"}
    return store_submission(arena, report, into, SubmissionForm.from_form(form), NOW)


def an_anchor(
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


def some_anchors(
    bench: EvaluationContext, benchmark: Benchmark, tasks: Sequence[Task], setup: Setup | None = None
) -> Anchors:
    """Anchors from 0 to 1 for every task."""
    ends = {}
    for task in tasks:
        reference = benchmark.read_reference(task.id)
        exam = bench.build_eval_set(task, reference)
        hashes = {"exam": exam.sha256, "train": hash_rows(reference.train), "scored": exam.scored_sha256}
        ends[task.id] = an_anchor(0.0, 1.0, **hashes)
    protocol = bench.protocol
    return Anchors(protocol=protocol.name, protocol_sha256=protocol.sha256, setup=setup or bench.setup, tasks=ends)


def a_record(
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
        "anchor": anchor or an_anchor(0.0, 1.0),
        "end_answers": None,
        "rows": 10,
        "delivered": True,
        "screened": None,
        "answers": tuple(MethodAnswers(method=method, draws=(texts(good),)) for method, good in right.items()),
    }
    return TaskRecord.model_validate(known | fields)


def a_run(tasks: Sequence[Task], protocol: Protocol | None = None) -> RunRecord:
    return RunRecord(
        submission="0" * 26,
        track="dataset_research",
        system="Finder",
        system_type="search",
        team="Team",
        protocol=protocol or demo(),
        setup=SETUP,
        partial=None,
        tasks=tuple(task.id for task in tasks),
    )


def demo(**changes: dict[str, object]) -> Protocol:
    """demo@1 with some settings changed, by section."""
    protocol = load_protocol("demo@1")
    sections = {name: getattr(protocol, name).model_copy(update=fields) for name, fields in changes.items()}
    return protocol.model_copy(update=sections)
