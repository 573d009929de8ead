"""Tasks, rows, benchmarks, deliveries and submissions for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from submissions.arena.arena import Arena
from submissions.arena.benchmark import Benchmark, Split
from submissions.checking.check import check_sources
from submissions.records.submission import DataFile, Submission
from submissions.records.task import Metadata, Reference, Row, Task
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
METADATA = Metadata(introduction="i", task="t", question="q", input="i", output="o", source="s", samples_count=0)


def make_task(name: str, category: str = "question_answering", **fields: object) -> Task:
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


def make_rows(name: str, count: int, start: int = 0) -> tuple[Row, ...]:
    return tuple(
        Row(input=f"{name}: what comes after {number}?", output=f"the number {number + 1}")
        for number in range(start, start + count)
    )


UNLIKE = tuple(Row(input=f"what comes after nothing, {number}?", output="none") for number in range(3))
"""Rows whose output is the most frequent one and worth nothing, so that a constant answer is not as good as a model."""


def make_reference(task: str, train: int = 4, test: int = 4) -> Reference:
    return Reference(task=task, metadata=METADATA, train=make_rows(task, train), test=make_rows(task, test, start=1000))


def make_benchmark(
    folder: Path,
    tasks: Sequence[Task],
    train: int = 4,
    test: int = 4,
    rows: Sequence[Row] = (),
    more_train: Sequence[Row] = (),
) -> Benchmark:
    """A benchmark whose reference rows are those of `make_reference`, or `rows`, every other one for the test.

    `more_train` rows are in the train part of every task besides.
    """
    changes = [Change("tasks.jsonl", to_jsonl(tasks))]
    train, test = (len(rows[::2]), len(rows[1::2])) if rows else (train, test)
    for task in tasks:
        reference, where = make_reference(task.id, train, test), f"references/{task.id}"
        if rows:
            reference = reference.model_copy(update={"train": tuple(rows[::2]), "test": tuple(rows[1::2])})
        changes += [
            Change(f"{where}/metadata.json", to_json(reference.metadata)),
            Change(f"{where}/train.jsonl", to_jsonl((*reference.train, *more_train))),
            Change(f"{where}/test.jsonl", to_jsonl(reference.test)),
            Change(f"{where}/split.json", to_json(Split(rule="hash-split@2", sides="te" * min(train, test)))),
        ]
    repo = LocalRepo(folder)
    repo.commit(changes, repo.head())
    return Benchmark(repo)


def make_data_file(task: str, rows: Sequence[Row]) -> DataFile:
    """How a submission names these rows."""
    content = to_jsonl(rows)
    digest = hashlib.sha256(content).hexdigest()
    return DataFile(task=task, path=f"data/{task}.jsonl", sha256=digest, bytes=len(content), rows=len(rows))


def write_delivery(folder: Path, rows: Mapping[str, Sequence[Row]]) -> Path:
    """A folder as a submitter delivers it."""
    folder.mkdir(parents=True)
    for task, mine in rows.items():
        (folder / f"{task}.jsonl").write_bytes(to_jsonl(mine))
    return folder


def submit_delivery(arena: Arena, tasks: Sequence[Task], folder: Path) -> Submission:
    """Check a delivered folder and store it, as the web app does."""
    into = folder.with_name(f"{folder.name}-checked")
    into.mkdir()
    report = check_sources([folder], tasks, into=into, track=TRACKS["dataset_research"])
    form = {"system": folder.name, "system_type": "search", "team": "Team", "submitter": "An"}
    return store_submission(arena, report, into, SubmissionForm.from_form(form), NOW)
