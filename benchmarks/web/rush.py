"""Many submissions at once, through the web app into a loopback Hub limited to 128 commits an hour.

Run `python -m benchmarks.web.rush [--submissions N] [--clients N]`. The Hub's clock is moved, so that an hour passes in
seconds: each client that has its answer lets its share of `--hours` pass. In the end the benchmark waits for all
queued submissions, the web app is stopped and started again half-way, and the repository's contents are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import uvicorn
from huggingface_hub import HfApi

from leaderboard.app import make_app
from leaderboard.settings import read_settings
from leaderboard.web.site import Site
from submissions.arena.arena import open_arena
from submissions.records.task import Task
from submissions.storage.codec import to_jsonl
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.repo import Change
from tests.support.hub.server import Hub, loopback

ARENA = "hf://arena/rush"
REPO = "datasets/arena/rush-submissions"
QUOTA = 128
ROWS = "".join(json.dumps({"input": f"question {n}", "output": f"answer {n}"}) + "\n" for n in range(12))
TASK = Task(
    id="cls-en-bank-intents", track="dataset_research", title="Intents", category="text_classification",
    kind="knowledge", language="en", metric="accuracy", demand="I need data.",
)  # fmt: skip


@dataclass(frozen=True)
class RushFigures:
    """Outcome counts and times of a run."""

    sent: int
    stored_at_once: int
    """Submissions answered after they were stored on the Hub."""
    told_to_wait: int
    """Submissions answered with a waiting time."""
    neither: int
    """Submissions with any other answer."""
    in_the_repository: int
    lost: int
    twice: int
    """Systems, each sent once, that the repository holds more than once."""
    commits: int
    most_commits_in_an_hour: int
    hours: float
    """Hours from the first to the last commit, by the Hub's clock."""
    seconds: float
    """Seconds of wall time."""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web.rush", description=__doc__)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--hours", type=float, default=1.0, help="in which they are sent, by the moved clock")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= make_environment(Path(folder))
        with loopback(Path(folder, "hub")) as hub:
            os.environ["HF_ENDPOINT"] = hub.url
            found = run_rush(hub, Path(folder), given.submissions, given.clients, given.hours)
    for field in fields(found):
        print(f"{field.name.replace('_', ' '):26} {getattr(found, field.name):>8,.5g}")


def make_environment(folder: Path) -> dict[str, str]:
    """Build an environment for the Hub client that touches none of the user's files."""
    return {"HF_TOKEN": "hf_bot_write", "HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_XET": "1"}


def run_rush(hub: Hub, folder: Path, submissions: int, clients: int, hours: float) -> RushFigures:
    """Send all submissions, in two halves with a new web app between, and count."""
    hub.faults.quota = QUOTA
    _create_repos(hub)
    began, share = time.perf_counter(), hours * 3600 / submissions
    answers: list[httpx.Response] = []
    for numbers in (range(submissions // 2), range(submissions // 2, submissions)):
        with _serve_app(hub, folder / "spool") as (site, url), ThreadPoolExecutor(clients) as pool:
            answers += pool.map(partial(_send_submission, hub, url, share), numbers)
            if numbers.stop == submissions:
                _wait_for_stored(hub, site, [answer.json()["id"] for answer in answers if answer.status_code == 202])
    return _count_figures(hub, answers, time.perf_counter() - began)


def _create_repos(hub: Hub) -> None:
    for name in ("submissions", "results", "drafts"):
        HfApi(hub.url, "hf_bot_write").create_repo(f"arena/rush-{name}", repo_type="dataset", private=True)
    results = open_arena(ARENA).results
    results.commit([Change("tasks.jsonl", to_jsonl([TASK]))], results.head())


@contextmanager
def _serve_app(hub: Hub, spool: Path) -> Iterator[tuple[Site, str]]:
    settings = read_settings({"ARENA": ARENA, "SPOOL": str(spool), "TRUSTED_PROXIES": "127.0.0.1"})
    app = make_app(settings, CommitRateLimit(clock=hub.clock, sleep=hub.clock.forward))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield app.state.site, f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        app.state.site.storing.close()


def _send_submission(hub: Hub, url: str, share: float, number: int) -> httpx.Response:
    form = {"system": f"System {number}", "system_type": "search", "team": f"Team {number % 50}", "submitter": "Ada"}
    files = {"files": (f"{TASK.id}.jsonl", ROWS)}
    sent = {**form, "track": TASK.track, "publish": "at_once", "action": "submit"}
    come_from = {"x-forwarded-for": f"192.0.2.{number % 250}"}
    answer = httpx.post(f"{url}/api/submit", data=sent, files=files, headers=come_from, timeout=120)
    hub.clock.forward(share)
    return answer


def _wait_for_stored(hub: Hub, site: Site, ulids: list[str]) -> None:
    """Advance the clock by the announced waiting time."""
    for ulid in ulids:
        while (held := site.storing.find_pending(ulid)) and held.until:
            hub.clock.forward(max(0.0, (held.until - hub.clock()).total_seconds()))
            site.storing.wait_until_settled(ulid, 10)


def _count_figures(hub: Hub, answers: list[httpx.Response], seconds: float) -> RushFigures:
    statuses = Counter(answer.status_code for answer in answers)
    told = sum("until" in answer.json() for answer in answers if answer.status_code == 202)
    arena = open_arena(ARENA)
    systems = Counter(arena.read_submission(ulid).system for ulid in arena.submission_ids())
    ids = {answer.json().get("id") for answer in answers if answer.status_code in (201, 202)}
    times = sorted(_parse_time(commit.date) for commit in hub.store.commits(REPO))[1:]  # the first made the repository
    return RushFigures(
        sent=len(answers),
        stored_at_once=statuses[201],
        told_to_wait=told,
        neither=len(answers) - statuses[201] - told,
        in_the_repository=systems.total(),
        lost=len(ids - set(arena.submission_ids())),
        twice=sum(count > 1 for count in systems.values()),
        commits=len(times),
        most_commits_in_an_hour=max(sum(one <= at < one + timedelta(hours=1) for at in times) for one in times),
        hours=(times[-1] - times[0]).total_seconds() / 3600,
        seconds=seconds,
    )


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


if __name__ == "__main__":
    main()
