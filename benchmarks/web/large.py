"""Arena of thousands of results on the benchmark's 208 tasks, for measuring the web app.

    python -m benchmarks.web.large FOLDER [--results 10000]

Submissions, histories and compacted files are real. The result files of all but the first are stand-ins of a few
kilobytes, for a start from compacted files opens none of them.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from unittest import mock

import numpy as np

from submissions.arena.arena import open_arena, result_path
from submissions.arena.ids import new_id, submission_dir
from submissions.index.result_details import BY_TASK
from submissions.index.result_index import MAX_ROWS_PER_FILE, IndexedResult, index_row, shard_path
from submissions.index.result_index import encode_results as encode_results
from submissions.index.submission_index import StatusSnapshot, make_brief
from submissions.index.submission_index import encode_submissions as encode_entered
from submissions.records.result import Result, TaskResult
from submissions.records.submission import DataFile, Submission
from submissions.records.task import Task
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change, content_id
from tests.support.arena_fixture import START, published, result, submission, tasks

TASKS = 208
TRACK = "dataset_research"


@cache
def make_tasks() -> tuple[Task, ...]:
    """Make as many tasks as the benchmark has."""
    few = tasks()
    return tuple(few[at % len(few)].model_copy(update={"id": f"task-{at:03}"}) for at in range(TASKS))


@cache
def make_delivery() -> Submission:
    """Make a submission with data for every task."""
    made, _ = submission(0, "System", "Team", "search")
    one = made.files[0]
    files = tuple(DataFile(**one.model_dump() | {"task": t.id, "path": f"data/{t.id}.jsonl"}) for t in make_tasks())
    return made.model_copy(update={"files": files})


def make_submission(number: int) -> Submission:
    """Make one of the submissions: its own system and time, the same files."""
    now = START + timedelta(minutes=50 * number)
    own = {"id": new_id(now), "created_at": now, "system": f"System {number}", "team": f"Team {number % 40}"}
    return make_delivery().model_copy(update=own)


def make_result(made: Submission, level: float) -> Result:
    """Make a result on all of the tasks."""
    few = result(made, level, judged=True)
    of_tasks: list[TaskResult] = [
        few.tasks[at % (len(few.tasks) - 1)].model_copy(update={"task": task.id})
        for at, task in enumerate(make_tasks())
    ]
    return few.model_copy(update={"tasks": tuple(of_tasks)})


def vary_row(like: IndexedResult, made: Submission, rng: np.random.Generator, content: str) -> IndexedResult:
    """Return an index row with varied figures."""
    level = rng.uniform(0, 1)
    moved = like.summary.gains + level - 0.5 + rng.normal(0, 0.25, like.summary.gains.shape)
    numbers = like.details.numbers.copy()
    numbers[:, len(BY_TASK) :] += rng.normal(0, 0.05, numbers[:, len(BY_TASK) :].shape)
    numbers[:, len(BY_TASK) + 5 :: 6] = 50
    means = like.summary.means.copy()
    means[:, :4] += level - 0.5 + rng.normal(0, 0.02, (len(means), 1))
    brief = replace(
        like.summary, submission=made.id, system=made.system, team=made.team, gains=moved, means=means,
        judged=like.summary.judged.replace("5.", f"{5 + level:.3f}"[:2]),
    )  # fmt: skip
    return IndexedResult(content, brief, replace(like.details, numbers=numbers))


def fill_arena(folder: Path, results: int) -> None:
    """Write the whole arena."""
    with mock.patch("os.fsync"):  # thirty thousand files that nobody will miss after a power loss
        _write_arena(folder, results)


def _write_arena(folder: Path, results: int) -> None:
    """Write the arena with one commit per compacted file."""
    arena, rng = open_arena(str(folder)), np.random.default_rng(0)
    first = make_result(make_submission(0), 0.5)
    like = index_row(first)
    arena.results.commit([Change("tasks.jsonl", to_jsonl(make_tasks()))], arena.results.head())
    months: dict[str, list[tuple[Submission, bytes]]] = {}
    for start in range(0, results, MAX_ROWS_PER_FILE):
        made = [make_submission(number) for number in range(start, min(start + MAX_ROWS_PER_FILE, results))]
        changes, rows, records = [], [], []
        for one in made:
            stand_in = rng.bytes(5000) if one.id != first.submission else to_json(first)
            history = to_json(published(one))
            rows.append(like if one.id == first.submission else vary_row(like, one, rng, content_id(stand_in)))
            changes.append(Change(result_path(one.id, "demo@1"), stand_in))
            changes.append(Change(f"status/{one.id}.json", history))
            records.append(Change(f"{submission_dir(one.id)}/submission.json", to_json(one)))
            months.setdefault(f"board/{one.created_at:%Y-%m}.parquet", []).append((one, history))
        leaf = shard_path(TRACK, made[0].id if start else "0" * 26)
        arena.results.commit([*changes, Change(leaf, encode_results(rows))], arena.results.head())
        arena.submissions.commit(records, arena.submissions.head())
    drafts = [
        Change(
            path,
            encode_entered([(make_brief(one), StatusSnapshot(content_id(history), history)) for one, history in found]),
        )
        for path, found in months.items()
    ]
    arena.drafts.commit(drafts, arena.drafts.head())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--results", type=int, default=10_000)
    given = parser.parse_args()
    fill_arena(given.folder, given.results)
