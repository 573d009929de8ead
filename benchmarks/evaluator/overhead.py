"""Evaluator overhead beside training and generation: 208 tasks with tools that do nothing.

Run `python -m benchmarks.evaluator.overhead [--tasks N] [--rows N …] [--profile]`. The baseline is the unavoidable
minimum: reading the same files with `json.loads`.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.anchors import measure_anchors
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.tracks.context_pool import ContextPool
from evaluator.tracks.protocols import load_protocol_as
from submissions.arena.arena import Arena, open_arena
from submissions.arena.benchmark import Benchmark
from submissions.checking.check import check_sources
from submissions.records.task import Metadata, Row, Task
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import get_track

CATEGORIES = get_track("dataset_research").categories
WORDS = "la data set of short questions with one answer each 数据 集合 câu hỏi ngắn سؤال قصير".split()
METADATA = Metadata(introduction="i", task="t", question="q", input="i", output="o", source="s", samples_count=0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=208)
    parser.add_argument("--rows", type=int, nargs="*", default=[200, 1000], help="of an entry, and of a reference")
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    given = parser.parse_args()
    for rows in given.rows:
        measure_overhead(given.tasks, rows, profiled=given.profile)


def measure_overhead(tasks: int, rows: int, *, profiled: bool) -> None:
    """Print the table for one size."""
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        benchmark = write_benchmark(folder / "benchmark", tasks, rows)
        arena = open_arena(str(folder))
        ulid = write_submission(arena, benchmark, folder / "delivered", rows)
        bench = null_context(
            folder / "work", load_protocol_as("demo@1", AnchoredProtocol), NullTrainer(), NullGenerator()
        )
        measure_anchors(benchmark, bench, benchmark.read_tasks())
        worker = SubmissionRunner(arena, benchmark, ContextPool.from_context(bench), folder / "records")
        files = [*folder.glob("benchmark/references/*/*.jsonl"), *folder.glob("submissions/**/*.jsonl")]
        size = sum(file.stat().st_size for file in files) / 1e6
        read = time_work(lambda: [json.loads(line) for file in files for line in file.open("rb")])
        fresh = time_work(lambda: evaluate_submission(worker, ulid, profiled=profiled))
        again = time_work(lambda: evaluate_submission(worker, ulid, profiled=False))
    print(f"{tasks} tasks x {rows} rows, {size:.0f} MB of rows, {os.cpu_count()} cores")
    print(f"{'':36}{'seconds':>9}{'ratio':>8}")
    for name, cost in (("reading, json.loads", read), ("evaluation", fresh), ("the same, all stages finished", again)):
        print(f"{name:36}{cost:9.2f}{cost / read:8.2f}")


def evaluate_submission(worker: SubmissionRunner, ulid: str, *, profiled: bool) -> None:
    """Evaluate and publish a submission."""
    profile = cProfile.Profile()
    if profiled:
        profile.enable()
    state = worker.evaluate(ulid)
    profile.disable()
    if profiled:
        pstats.Stats(profile).sort_stats("cumulative").print_stats("evaluator|submissions|fsync|encode|flock|walk", 40)
    if state != "published":
        raise SystemExit(f"the evaluation ended as {state}: {worker.arena.read_history(ulid).now.message}")


def time_work(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def write_benchmark(folder: Path, tasks: int, rows: int) -> Benchmark:
    """Write tasks of every category in turn, their references half train and half test."""
    chance = random.Random(0)
    known = [make_task(number, list(CATEGORIES)[number % len(CATEGORIES)]) for number in range(tasks)]
    changes = [Change("tasks.jsonl", to_jsonl(known))]
    for task in known:
        where = f"references/{task.id}"
        changes.append(Change(f"{where}/metadata.json", to_json(METADATA)))
        halves = {side: to_jsonl(make_rows(chance, task.category, rows // 2)) for side in ("train", "test")}
        changes += [Change(f"{where}/{side}.jsonl", content) for side, content in halves.items()]
    repo = LocalRepo(folder)
    repo.commit(changes, repo.head())
    return Benchmark(repo)


def write_submission(arena: Arena, benchmark: Benchmark, folder: Path, rows: int) -> str:
    """Write rows for every task and store the submission; return its id."""
    chance, into = random.Random(1), folder / "checked"
    into.mkdir(parents=True)
    source = folder / "source"
    source.mkdir()
    for task in benchmark.read_tasks():
        (source / f"{task.id}.jsonl").write_bytes(to_jsonl(make_rows(chance, task.category, rows)))
    report = check_sources([source], benchmark.read_tasks(), into=into, track=get_track("dataset_research"))
    form = {"system": "Null", "system_type": "search", "team": "Null", "submitter": "Null"}
    return store_submission(arena, report, into, SubmissionForm.from_form(form), datetime.now(UTC)).id


def make_task(number: int, category: str) -> Task:
    """Build one task of a category."""
    return Task(
        id=f"task-{number:03}",
        track="dataset_research",
        title="A task",
        category=category,
        kind="knowledge" if number % 4 else "reasoning",
        language="en",
        metric=CATEGORIES[category],
        demand="Rows.",
    )


def make_rows(chance: random.Random, category: str, count: int) -> list[Row]:
    """Make rows of varied length, some in other scripts, with letters, labels or texts as outputs by category."""
    return [
        Row(input=" ".join(chance.choices(WORDS, k=chance.randint(20, 120))), output=make_output(chance, category))
        for _ in range(count)
    ]


def make_output(chance: random.Random, category: str) -> str:
    """Make an output of the form that the category requires."""
    if category == "multiple_choice":
        return chance.choice("ABCD")
    if category == "text_classification":
        return chance.choice(WORDS)
    return " ".join(chance.choices(WORDS, k=chance.randint(1, 40)))


if __name__ == "__main__":
    main()
