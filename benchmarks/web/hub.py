"""Requests and seconds of an arena on a loopback Hub, beside `snapshot_download`.

    python -m benchmarks.web.hub [--submissions 10000] [--compared 300]

Fills a results repository with three files for each submission, and measures a reader's first refresh, a refresh with
nothing new, and one with a new result; then the first and the last with `snapshot_download`, on a smaller repository.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.utils import disable_progress_bars

from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.hub import HubRepo
from submissions.storage.repo import Change
from tests.support.hub.server import Hub, loopback

TOKEN = "hf_bot_write"
BATCH = 2_500
"""Submissions per commit while filling."""


def fill_repo(hub: Hub, name: str, submissions: int, cache: Path) -> HubRepo:
    """Create a repository with status, result and costs of that many submissions; return its writer."""
    repo_id = HfApi(hub.url, TOKEN).create_repo(f"arena/{name}", repo_type="dataset", private=False).repo_id
    repo = open_hub_repo(hub, repo_id, cache)
    for start in range(0, submissions, BATCH):
        changes = [
            change
            for n in range(start, min(start + BATCH, submissions))
            for change in make_published_changes(f"{n:026}")
        ]
        repo.commit(changes, repo.head())
    return repo


def make_published_changes(name: str) -> list[Change]:
    """Build the changes that the evaluator writes for a submission."""
    paths = (f"status/{name}.json", f"results/{name}/arena@1.json", f"costs/{name}/arena@1.json")
    return [Change(path, f"{path}\n".encode()) for path in paths]


def open_hub_repo(hub: Hub, repo_id: str, cache: Path) -> HubRepo:
    """Open another process's view of a repository."""
    return HubRepo(repo_id, endpoint=hub.url, token=TOKEN, cache=cache, pace=CommitRateLimit(per_hour=10**6))


def measure_call(hub: Hub, what: str, call: Callable[[], object]) -> int:
    """Run a call and print its cost; return the number of requests."""
    before, started = len(hub.requests), time.perf_counter()
    call()
    requests = len(hub.requests) - before
    print(f"{what:58} {requests:6} requests {time.perf_counter() - started:7.2f} s", flush=True)
    return requests


def main() -> None:
    """Measure and print all figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web.hub")
    parser.add_argument("--submissions", type=int, default=10_000)
    parser.add_argument("--compared", type=int, default=300)
    arguments = parser.parse_args()
    disable_progress_bars()
    with tempfile.TemporaryDirectory() as folder, loopback(Path(folder, "hub")) as hub:
        measure_large(hub, Path(folder), arguments.submissions)
        compare_with_snapshot(hub, Path(folder), arguments.compared)


def measure_large(hub: Hub, folder: Path, submissions: int) -> None:
    """Measure the figures of the whole arena."""
    print(f"{submissions} submissions")
    writer = fill_repo(hub, "large-results", submissions, folder / "writer")
    reader = open_hub_repo(hub, writer.repo_id, folder / "reader")
    measure_call(hub, "first list of all paths with ids", lambda: (reader.head(), reader.ids()))
    measure_call(hub, "a look with nothing new", lambda: (reader.head(), reader.ids()))
    measure_call(hub, "commit of a new result", lambda: writer.commit(make_published_changes("new"), writer.head()))
    measure_call(hub, "a look with one new result, read", lambda: read_new_result(reader))
    fresh = open_hub_repo(hub, writer.repo_id, folder / "fresh")
    measure_call(hub, "one file, by a new process", lambda: fresh.read("status/new.json"))


def read_new_result(reader: HubRepo) -> None:
    """Refresh and read the new result."""
    reader.head()
    reader.ids()
    for change in make_published_changes("new"):
        reader.read(change.path)


def compare_with_snapshot(hub: Hub, folder: Path, submissions: int) -> None:
    """Measure the same reading with the client's download of whole repositories."""
    print(f"\n{submissions} submissions, all read")
    writer = fill_repo(hub, "small-results", submissions, folder / "small-writer")
    reader = open_hub_repo(hub, writer.repo_id, folder / "small-reader")

    def read_with_hub_repo() -> None:
        reader.head()
        for path in reader.list():
            reader.read(path)

    def read_with_snapshot() -> None:
        snapshot_download(
            writer.repo_id, repo_type="dataset", cache_dir=folder / "snapshots", endpoint=hub.url, token=TOKEN
        )

    both = {"HubRepo": read_with_hub_repo, "snapshot_download": read_with_snapshot}
    first = {name: measure_call(hub, f"first time, {name}", call) for name, call in both.items()}
    writer.commit(make_published_changes("new"), writer.head())
    again = {name: measure_call(hub, f"after one new result, {name}", call) for name, call in both.items()}
    for what, found in (("first time", first), ("after one new result", again)):
        print(f"requests, {what}: snapshot_download / HubRepo = {found['snapshot_download'] / found['HubRepo']:.1f}")


if __name__ == "__main__":
    main()
