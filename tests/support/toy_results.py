"""Toy results as an evaluator publishes them, beside those of the other tracks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from submissions.arena.arena import Arena, commit_with_retry, result_path
from submissions.arena.ids import new_id, submission_dir
from submissions.records.anchors import Setup
from submissions.records.base import Score
from submissions.records.result import MethodScore, Result, TaskResult, Total
from submissions.records.status import History, Status
from submissions.records.submission import DataFile, Provenance, Submission
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change
from tests.support.toy_track import TOY_TASKS

PROTOCOL = "toy@1"
START = datetime(2026, 4, 1, tzinfo=UTC)
SETUP = Setup(model="none", model_sha256="a" * 64, packages={}, hardware="2 CPU cores", seed=1)


def add_toy_tasks(arena: Arena) -> None:
    """Add the toy tasks to those that an arena has."""
    tasks = (*arena.read_tasks(), *TOY_TASKS)
    commit_with_retry(arena.results, [Change("tasks.jsonl", to_jsonl(tasks))])


def add_toy_result(arena: Arena, system: str, sums: Mapping[str, float], at: datetime) -> Submission:
    """Add a published submission with a sum for each task."""
    made = Submission(
        id=new_id(at), track="toy", system=system, system_type="counting", team=f"Team {system}", submitter="Ada",
        created_at=at, provenance=Provenance(description="Counts.", url="https://example.org/"),
        files=tuple(
            DataFile(kind="integers", task=task, path=f"data/{task}.txt", sha256="b" * 64, bytes=2, rows=1)
            for task in sums
        ),
    )  # fmt: skip
    path = f"{submission_dir(made.id)}/submission.json"
    commit_with_retry(arena.submissions, [Change(path, to_json(made))])
    changes = [
        Change(result_path(made.id, PROTOCOL), to_json(make_toy_result(made, sums))),
        Change(f"status/{made.id}.json", to_json(_finished_history(made))),
    ]
    commit_with_retry(arena.results, changes)
    return made


def make_toy_result(made: Submission, sums: Mapping[str, float]) -> Result:
    """The result of a submission: a sum for each task, and their mean."""
    tasks = tuple(
        TaskResult(
            task=task, state="scored", rows=1, removed=0,
            methods=(MethodScore(method="sum", score=_score("sum", value, 1), gain=_score("gain", value, 1)),),
        )
        for task, value in sums.items()
    )  # fmt: skip
    mean = sum(sums.values()) / len(sums)
    return Result(
        submission=made.id, track="toy", system=made.system, system_type=made.system_type, team=made.team,
        protocol=PROTOCOL, protocol_sha256="c" * 64, setup=SETUP, tasks=tasks,
        totals=(Total(method="sum", subset="all", group="overall", gain=_score("mean_gain", mean, len(sums))),),
    )  # fmt: skip


def _score(name: str, value: float, n: int) -> Score:
    return Score(name=name, value=value, n=n, interval=(value - 1, value + 1))


def _finished_history(made: Submission) -> History:
    at = made.created_at
    return History(
        submission=made.id,
        entries=(
            Status(state="received", message="Stored.", time=at),
            Status(state="checking", stage="check", message="Checked.", time=at + timedelta(minutes=1)),
            Status(state="evaluating", stage="add", message="Added.", time=at + timedelta(minutes=2)),
            Status(state="published", stage="publish", message="All stages done.", time=at + timedelta(minutes=3)),
        ),
    )
