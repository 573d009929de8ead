"""Requests of an idle coordinator cycle, in an arena of many submissions on a loopback Hub.

python -m benchmarks.evaluator.coordinator [--submissions 10000]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.utils import disable_progress_bars

from evaluator.publishing.arena_session import open_session
from evaluator.service.coordinator import Coordinator
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.tracks.context_pool import ContextPool
from evaluator.tracks.protocols import load_protocol_as
from submissions.arena.arena import Arena
from submissions.arena.benchmark import Benchmark
from submissions.arena.ids import new_id, submission_dir
from submissions.records.status import History, Status
from submissions.storage.codec import to_json
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.hub import HubRepo
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from tests.support.hub.server import Hub, loopback

TOKEN = "hf_bot_write"  # of the loopback Hub
BATCH = 2_500
"""Submissions per commit while filling."""


def main() -> None:
    """Measure and print the requests."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluator.coordinator")
    parser.add_argument("--submissions", type=int, default=10_000)
    submissions = parser.parse_args().submissions
    disable_progress_bars()
    os.environ["HF_TOKEN"] = TOKEN
    with tempfile.TemporaryDirectory() as folder, loopback(Path(folder, "hub")) as hub:
        arena = create_hub_arena(hub, Path(folder))
        fill_arena(hub, arena, submissions)
        measure_all(hub, arena, Path(folder))


def create_hub_arena(hub: Hub, folder: Path) -> Arena:
    """Create new repositories and an arena view of them that uses the Hub's clock."""
    pace = CommitRateLimit(per_hour=10**6, clock=hub.clock, sleep=hub.clock.forward)
    names = ("submissions", "results", "drafts")
    for name in names:
        HfApi(hub.url, TOKEN).create_repo(f"arena/large-{name}", repo_type="dataset", private=True)
    return Arena(*(HubRepo(f"arena/large-{name}", pace=pace, endpoint=hub.url, cache=folder / name) for name in names))


def fill_arena(hub: Hub, arena: Arena, submissions: int) -> None:
    """Add published submissions with all that the queue reads: records, statuses and results by name."""
    start, protocol = hub.clock() - timedelta(days=90), load_protocol_as("demo@1", AnchoredProtocol).name
    ids = [new_id(start + timedelta(minutes=number)) for number in range(submissions)]
    for first in range(0, submissions, BATCH):
        some = ids[first : first + BATCH]
        records = [Change(f"{submission_dir(ulid)}/submission.json", ulid.encode()) for ulid in some]
        arena.submissions.commit(records, arena.submissions.head())
        said = [change for ulid in some for change in make_published_changes(ulid, protocol, start)]
        arena.results.commit(said, arena.results.head())


def make_published_changes(ulid: str, protocol: str, time: object) -> list[Change]:
    """Build the changes that the evaluator writes for a submission."""
    status = Status.model_validate({"state": "published", "message": "The result is public.", "time": time})
    history = to_json(History(submission=ulid, entries=(status,)))
    return [Change(f"status/{ulid}.json", history), Change(f"results/{ulid}/{protocol}.json", ulid.encode())]


def measure_all(hub: Hub, arena: Arena, folder: Path) -> None:
    """Measure a start, then idle cycles a minute apart and an hour apart."""
    bench = null_context(folder / "work", load_protocol_as("demo@1", AnchoredProtocol), NullTrainer(), NullGenerator())
    worker_at = partial(
        SubmissionRunner,
        benchmark=Benchmark(LocalRepo(folder / "benchmark")),
        contexts=ContextPool.from_context(bench),
        records=folder,
    )
    open_desk = partial(open_session, arena, "bench", "bench", gap=timedelta(minutes=1), clock=hub.clock)
    coordinator = Coordinator(open_desk, worker_at, hub.clock, hub.clock.forward, print)
    desk = open_desk()
    measure_call(hub, "acquire the leases, list all once", desk.acquire_leases)
    worker = worker_at(desk.arena)
    cycle = partial(coordinator.run_once, worker, desk, forever=True)
    measure_call(hub, "first cycle", cycle)
    for minutes in (1, 1, 60, 60):
        hub.clock.forward(60 * minutes)
        measure_call(hub, f"a cycle with nothing new, {minutes} min later", cycle)


def measure_call(hub: Hub, what: str, call: Callable[[], object]) -> None:
    """Run a call and print its cost."""
    before, started = len(hub.requests), time.perf_counter()
    call()
    print(f"{what:45} {len(hub.requests) - before:5} requests {time.perf_counter() - started:7.2f} s", flush=True)


if __name__ == "__main__":
    main()
