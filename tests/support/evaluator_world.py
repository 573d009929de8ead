"""An arena with a benchmark, evaluated by null tools."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from evaluator.errors import ChildFailed
from evaluator.publishing.task_list import publish_task_list
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.context import EvaluationContext
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.tracks.context_pool import ContextPool
from evaluator.tracks.events import Event
from submissions.arena.arena import Arena
from submissions.arena.benchmark import Benchmark
from submissions.records.owner_requests import OwnerRequest
from submissions.records.submission import Submission
from submissions.records.task import Row
from submissions.storage.codec import to_json
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from tests.support.evaluation_factories import make_anchors, make_protocol
from tests.support.factories import (
    make_benchmark,
    make_reference,
    make_rows,
    make_task,
    submit_delivery,
    write_delivery,
)

TASKS = [make_task("a", subsets=("full", "pro")), make_task("b", "multiple_choice"), make_task("c", kind="reasoning")]
PROTOCOL = make_protocol()


class RecordedRepo(LocalRepo):
    """A folder that remembers the paths of each commit."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.commits: list[list[str]] = []

    def commit(self, changes: Sequence[Change], parent: str) -> str:
        head = super().commit(changes, parent)
        self.commits.append([change.path for change in changes])
        return head


class World:
    """An arena with a benchmark, and as many workers after each other as a test likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = RecordedRepo(folder / "results")
        self.arena = Arena(LocalRepo(folder / "submissions"), self.results, LocalRepo(folder / "drafts"))
        self.benchmark: Benchmark = make_benchmark(folder / "benchmark", TASKS)
        self.trainer, self.generator = NullTrainer(), NullGenerator(self.knows)
        self.golden: dict[tuple[int, ...], str] = {}
        bench = self.bench(self.generator)
        anchors = make_anchors(bench, self.benchmark, TASKS)
        self.benchmark.repo.commit(
            [Change(f"anchors/{PROTOCOL.name}.json", to_json(anchors))], self.benchmark.repo.head()
        )
        for task in TASKS:
            for row in make_reference(task.id).test:
                self.golden[tuple(bench.template.build_prompt(row.input))] = row.output

    def knows(self, model: Path, prompt: Sequence[int]) -> str:
        """What is asked without shots is known to a fine-tuned model, and to no other."""
        return self.golden.get(tuple(prompt), "") if model.name == "model" else ""

    def bench(self, generator: NullGenerator) -> EvaluationContext:
        return null_context(self.folder / "work", PROTOCOL, self.trainer, generator)

    def pool(self, generator: NullGenerator | None = None) -> ContextPool:
        return ContextPool.from_context(self.bench(generator or self.generator))

    def worker(self, generator: NullGenerator | None = None) -> SubmissionRunner:
        return SubmissionRunner(self.arena, self.benchmark, self.pool(generator), self.folder / "work" / "results")

    def submit(self, name: str = "Finder", rows: dict[str, Sequence[Row]] | None = None) -> Submission:
        mine = rows or {"a": make_rows("mine", 12), "b": make_rows("mine", 12)}
        return submit_delivery(self.arena, TASKS, write_delivery(self.folder / name, mine))


class ListSink:
    """Keeps the events that it receives."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)


def publish_tasks(worker: SubmissionRunner) -> None:
    publish_task_list(worker.arena, worker.benchmark, worker.contexts.iter_contexts())


def broken(_model: Path, _prompt: Sequence[int]) -> str:
    raise ChildFailed("The engine went away.", "Its log is engine.log.")


def wish(world: World, ulid: str, kind: str, by: str = "") -> None:
    world.arena.add_owner_request(
        ulid, OwnerRequest.model_validate({"kind": kind, "by": by, "time": datetime.now(UTC)})
    )
