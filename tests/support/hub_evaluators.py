"""An arena on a loopback Hub with a benchmark, and coordinators whose time is the Hub's, which tests move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from evaluator.publishing.arena_session import ArenaSession, open_session
from evaluator.service.coordinator import Coordinator
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.tracks.context_pool import ContextPool
from submissions.arena.arena import Arena, commit_with_retry
from submissions.records.submission import Submission
from submissions.storage.codec import to_json
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.hub import HubRepo
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
from tests.support.hub.repositories import new_repo
from tests.support.hub.server import Hub

TASKS = [make_task("a"), make_task("b")]
PROTOCOL = make_protocol()
NAMES = ("submissions", "results", "drafts")
GAP = timedelta(minutes=1)


@dataclass
class Station:
    """One evaluator: its own view of the repositories, its own work folder, its own tools."""

    hub: Hub
    folder: Path
    name: str
    benchmark: Path
    waits: list[float] = field(default_factory=list)
    """Every time that it waited, in seconds; the Hub's clock was moved by as much."""
    said: list[str] = field(default_factory=list)
    act: Callable[[int], None] = lambda _call: None
    """Called before each call of the generator, with its number."""
    pause: Callable[[int], None] = lambda _wait: None
    """Called at each wait, with its number: may mend what is broken, or raise KeyboardInterrupt to end."""

    def __post_init__(self) -> None:
        self.work = self.folder / self.name
        self.trainer, self.generator = NullTrainer(), NullGenerator(self._answer)
        self.arena = opened(self.hub, self.folder / f"{self.name}-cache")

    def _answer(self, _model: Path, _prompt: Sequence[int]) -> str:
        self.act(len(self.generator.models))
        return "yes"

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.hub.clock.forward(seconds)
        self.pause(len(self.waits))

    def desk(self) -> ArenaSession:
        return open_session(self.arena, self.name, self.name, gap=GAP, clock=self.hub.clock)

    def worker(self, arena: Arena) -> SubmissionRunner:
        from submissions.arena.benchmark import open_benchmark

        bench = null_context(self.work, PROTOCOL, self.trainer, self.generator)
        return SubmissionRunner(
            arena, open_benchmark(str(self.benchmark)), ContextPool.from_context(bench), self.work / "results"
        )

    def coordinator(self) -> Coordinator:
        return Coordinator(self.desk, self.worker, self.hub.clock, self.wait, self.said.append, every=60.0)

    def run(self, *, forever: bool = False) -> Coordinator:
        coordinator = self.coordinator()
        coordinator.run(forever=forever)
        return coordinator


class Arenas:
    """The repositories on a Hub, a benchmark in a folder, and who works there."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.hub, self.folder = hub, folder
        for name in NAMES:
            new_repo(hub, f"test-{name}")
        self.benchmark = make_benchmark(folder / "benchmark", TASKS)
        bench = null_context(folder / "anchors", PROTOCOL, NullTrainer(), NullGenerator())
        anchors = to_json(make_anchors(bench, self.benchmark, TASKS))
        commit_with_retry(self.benchmark.repo, [Change(f"anchors/{PROTOCOL.name}.json", anchors)])
        self.web = opened(hub, folder / "web-cache")
        self.golden = {row.input: row.output for task in TASKS for row in make_reference(task.id).test}

    def station(self, name: str = "one") -> Station:
        return Station(self.hub, self.folder, name, self.folder / "benchmark")

    def submit(self, name: str = "Finder") -> Submission:
        rows = {task.id: make_rows(f"{name} {task.id}", 12) for task in TASKS}
        return submit_delivery(self.web, TASKS, write_delivery(self.folder / name, rows))

    def seen(self) -> Arena:
        """What a visitor sees who comes now."""
        return opened(self.hub, self.folder / "visitor-cache")

    def states(self) -> dict[str, str]:
        seen = self.seen()
        return {ulid: seen.read_history(ulid).now.state for ulid in seen.submission_ids()}

    def commits(self, name: str = "results") -> list[str]:
        """Titles, oldest first, without the first one and the marks."""
        made = self.hub.store.commits(f"datasets/arena/test-{name}")
        return [commit.title.partition(" [")[0] for commit in reversed(made)][1:]

    def written(self, path: str, name: str = "results") -> int:
        """How many commits wrote a path, or deleted it."""
        query = "select count(*) from files where repo=? and path=?"
        return int(self.hub.store._rows(query, f"datasets/arena/test-{name}", path)[0][0])


def opened(hub: Hub, cache: Path) -> Arena:
    """A fresh view of the repositories; what waits moves the Hub's clock instead."""
    pace = CommitRateLimit(clock=hub.clock, sleep=hub.clock.forward)
    look = timedelta(seconds=10)
    return Arena(*map(partial(_repo, pace=pace, look=look, cache=cache), NAMES))


def _repo(name: str, pace: CommitRateLimit, look: timedelta, cache: Path) -> HubRepo:
    return HubRepo(f"arena/test-{name}", pace=pace, look=look, cache=cache / name)


NAME = PROTOCOL.name


def all_is_well(arenas: Arenas, *ids: str) -> None:
    """All are there and published, and each result was written once."""
    assert arenas.states() == dict.fromkeys(ids, "published")
    assert arenas.seen().published_protocols() == {ulid: [NAME] for ulid in ids}
    for ulid in ids:
        assert arenas.written(f"results/{ulid}/{NAME}.json") == 1
        states = [entry.state for entry in arenas.seen().read_history(ulid).entries]
        assert states.count("published") == 1
