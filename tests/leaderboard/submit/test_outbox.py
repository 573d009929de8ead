"""Accepted submissions on their way to the Hub: none lost, none twice, each told the truth."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from starlette.testclient import TestClient

from benchmarks.web.rush import run_rush
from leaderboard.app import make_app
from leaderboard.settings import read_settings
from leaderboard.submit.outbox import MIN_COMMIT_INTERVAL, RETRY_AFTER, Outbox
from leaderboard.web.site import Site
from submissions.arena.arena import Arena, open_arena
from submissions.records.check_report import Report
from submissions.records.submission import DataFile, Submission
from submissions.storage.codec import to_jsonl
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.repo import Change
from submissions.submitting.attempts import count_attempts
from submissions.submitting.submit import SubmissionForm, build_submission
from tests.support.factories import make_task
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.submission_inputs import BANK
from tests.support.web_submissions import FIELDS, GOOD

pytestmark = pytest.mark.integration

ARENA = "hf://arena/spool"
Opened = Callable[..., TestClient]


@pytest.fixture
def arena(hub: Hub) -> Arena:
    for name in ("submissions", "results", "drafts"):
        HfApi(hub.url, "hf_bot_write").create_repo(f"arena/spool-{name}", repo_type="dataset", private=True)
    there = open_arena(ARENA)
    tasks = to_jsonl([make_task(BANK, "text_classification"), make_task("mc-en-science", "text_classification")])
    there.results.commit([Change("tasks.jsonl", tasks)], there.results.head())
    return there


@pytest.fixture
def opened(hub: Hub, arena: Arena, tmp_path: Path) -> Iterator[Opened]:
    """A web app on the arena with the Hub's clock; each one goes on with the spool of the last."""
    running: list[Site] = []

    def start(**environ: str) -> TestClient:
        assert arena.read_tasks()
        stop(running)
        settings = read_settings({"ARENA": ARENA, "SPOOL": str(tmp_path / "spool"), **environ})
        app = make_app(settings, CommitRateLimit(clock=hub.clock, sleep=hub.clock.forward))
        running.append(app.state.site)
        return TestClient(app, follow_redirects=False)

    yield start
    stop(running)


def stop(running: list[Site]) -> None:
    for site in running:
        site.storing.close()
    running.clear()


def spool_of(client: TestClient) -> Outbox:
    found = client.app.state.site.storing  # type: ignore[attr-defined]
    assert isinstance(found, Outbox)
    return found


def send(client: TestClient, file: tuple[str, bytes] = GOOD, **fields: str) -> str:
    """Where the answer to a submission leads."""
    answer = client.post("/submit", data={**FIELDS, **fields, "action": "submit"}, files=[("files", file)])
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def id_of(address: str) -> str:
    return address.rpartition("/")[2]


def test_the_first_is_stored_at_once_and_the_next_is_told_when(opened: Opened, arena: Arena, hub: Hub) -> None:
    site = opened()
    first = send(site)
    assert site.get(first).status_code == 200
    second = send(site)
    there = site.get(second)
    assert (there.status_code, there.headers["location"]) == (303, f"/received/{id_of(second)}")
    page = site.get(there.headers["location"])
    due = hub.clock() + MIN_COMMIT_INTERVAL
    assert page.headers["cache-control"] == "private, no-store"
    assert "Received" in page.text
    assert any(f"{due - timedelta(seconds=s):%H:%M:%S} UTC" in page.text for s in range(MIN_COMMIT_INTERVAL.seconds))
    assert f"/received/{id_of(second)}" in site.get("/submit").text
    assert open_arena(ARENA).submission_ids() == [id_of(first)]
    hub.clock.forward(MIN_COMMIT_INTERVAL.total_seconds())
    spool_of(site).wait_until_settled(id_of(second), 10)
    assert arena.submission_ids() == sorted([id_of(first), id_of(second)])
    assert site.get(f"/received/{id_of(second)}").headers["location"] == second
    poll = site.get(f"/received/{id_of(second)}", headers={"HX-Request": "true"})
    assert (poll.status_code, poll.headers["hx-redirect"]) == (200, second)
    assert site.get(second).status_code == 200


def test_those_that_wait_go_in_one_commit(opened: Opened, arena: Arena, hub: Hub) -> None:
    site = opened()
    sent = [send(site, team=f"Team {number}") for number in range(6)]
    before = len(hub.store.commits("datasets/arena/spool-submissions"))
    hub.clock.forward(MIN_COMMIT_INTERVAL.total_seconds())
    spool_of(site).wait_until_settled(id_of(sent[-1]), 10)
    assert len(hub.store.commits("datasets/arena/spool-submissions")) == before + 1
    assert arena.submission_ids() == sorted(map(id_of, sent))


def test_a_hub_that_is_down_loses_nothing_and_a_restart_goes_on(
    opened: Opened, arena: Arena, hub: Hub, tmp_path: Path
) -> None:
    site = opened()
    assert site.get("/submissions").status_code == 200
    hub.faults.down = True
    sent = send(site)
    assert site.get(sent).status_code == 303
    assert "will be retried" in site.get(f"/received/{id_of(sent)}").text
    assert (tmp_path / "spool" / id_of(sent) / "submission.json").exists()
    hub.faults.down = False
    again = opened()
    spool_of(again).wait_until_settled(id_of(sent), 10)
    assert arena.submission_ids() == [id_of(sent)]
    assert list((tmp_path / "spool").iterdir()) == []
    assert (
        next(row.output for row in arena.read_rows(arena.read_submission(id_of(sent)), "mc-en-science")) == "answer 0"
    )


@pytest.mark.parametrize("fault", ["504 after", "reset after", "504 before", "reset before", "409", "412"])
def test_a_commit_whose_end_nobody_saw_stores_it_once(opened: Opened, arena: Arena, hub: Hub, fault: str) -> None:
    site = opened()
    hub.faults.commits.extend([fault] * 3)
    sent = send(site)
    hub.clock.forward(600)
    spool_of(site).wait_until_settled(id_of(sent), 20)
    assert arena.submission_ids() == [id_of(sent)]
    records = [file.path for file in hub.store.files("datasets/arena/spool-submissions", 10**6)]
    assert sum(path.endswith("submission.json") for path in records) == 1


def test_a_quota_that_is_used_up_is_told_with_its_end(opened: Opened, arena: Arena, hub: Hub) -> None:
    site = opened()
    hub.faults.commits.append("429")
    sent = send(site)
    page = site.get(f"/received/{id_of(sent)}").text
    assert "The Hub accepts no more commits for now." in page
    held = spool_of(site).find_pending(id_of(sent))
    assert held
    assert held.until
    assert held.until > hub.clock()
    status = site.get("/submissions").status_code
    assert status == 200
    hub.clock.forward((held.until - hub.clock()).total_seconds() + 1)
    spool_of(site).wait_until_settled(id_of(sent), 10)
    assert arena.submission_ids() == [id_of(sent)]


def test_what_was_killed_while_it_was_stored_is_stored_once(
    opened: Opened, arena: Arena, hub: Hub, tmp_path: Path
) -> None:
    site = opened()
    send(site)
    sent = send(site)
    kept = tmp_path / "spool" / id_of(sent)
    shutil.copytree(kept, tmp_path / "copy")
    (tmp_path / "spool" / ".half").mkdir()
    hub.clock.forward(MIN_COMMIT_INTERVAL.total_seconds())
    spool_of(site).wait_until_settled(id_of(sent), 10)
    site.app.state.site.storing.close()  # type: ignore[attr-defined]
    shutil.copytree(tmp_path / "copy", kept)  # as if the process had died after the commit
    again = opened()
    hub.clock.forward(MIN_COMMIT_INTERVAL.total_seconds())
    spool_of(again).wait_until_settled(id_of(sent), 10)
    assert arena.submission_ids().count(id_of(sent)) == 1
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_fault_of_ours_puts_it_off_and_ends_nothing(
    opened: Opened, arena: Arena, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = opened()

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("leaderboard.submit.outbox.commit_submissions", broken)
        sent = send(site)
        assert "failed on our side" in site.get(f"/received/{id_of(sent)}").text
    hub.clock.forward(RETRY_AFTER.total_seconds())
    spool_of(site).wait_until_settled(id_of(sent), 10)
    assert arena.submission_ids() == [id_of(sent)]


def test_a_clock_set_back_delays_no_commit(opened: Opened, arena: Arena, hub: Hub) -> None:
    site = opened()
    first, second = send(site), send(site)
    assert spool_of(site).find_pending(id_of(second))
    hub.clock.forward(-86400)
    spool_of(site).wait_until_settled(id_of(second), 10)
    assert arena.submission_ids() == sorted([id_of(first), id_of(second)])


def test_a_full_disk_accepts_nothing(opened: Opened, arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    site = opened()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("leaderboard.submit.outbox.shutil.copyfile", full)
    answer = site.post("/submit", data={**FIELDS, "action": "submit"}, files=[("files", GOOD)])
    assert answer.status_code == 507
    assert "The disk of this machine is full. Nothing was stored" in answer.text
    assert spool_of(site).list_pending("") == []
    assert arena.submission_ids() == []


def test_attempts_are_limited_and_those_that_wait_count(opened: Opened, arena: Arena, hub: Hub) -> None:
    site = opened(ATTEMPTS="dataset_research=2")
    first = send(site)
    other = (GOOD[0], GOOD[1].replace(b"question 0", b"question zero"))
    again = site.post("/submit", data={**FIELDS, "action": "submit"}, files=[("files", GOOD)])
    assert again.status_code == 422
    assert f"Submission {id_of(first)} of the same team has the same files" in again.text
    second = send(site, other)
    answer = site.post("/submit", data={**FIELDS, "action": "submit", "team": " ours "}, files=[("files", GOOD)])
    assert answer.status_code == 422
    assert "All 2 attempts on the track dataset_research are used" in answer.text
    assert send(site, team="Others")
    hub.clock.forward(MIN_COMMIT_INTERVAL.total_seconds())
    spool_of(site).wait_until_settled(id_of(second), 10)
    assert "<dt>Attempt</dt><dd>2 of 2</dd>" in site.get(second).text
    assert "<dt>Attempt</dt><dd>1 of 2</dd>" in site.get(first).text
    limits = {"dataset_research": 2}
    assert count_attempts(arena, "dataset_research", "Ours", limits=limits).left == 0


def test_a_team_name_that_somebody_else_took_meanwhile_is_told(
    opened: Opened, arena: Arena, hub: Hub, tmp_path: Path
) -> None:
    site = opened(ATTEMPTS="dataset_research=1")
    send(site, team="Others")
    sent = send(site)
    (tmp_path / "other").mkdir()
    arena.add_submission(made(tmp_path / "other"), tmp_path / "other")  # by the command line, say
    hub.clock.forward(MIN_COMMIT_INTERVAL.total_seconds())
    spool_of(site).wait_until_settled(id_of(sent), 10)
    page = site.get(f"/received/{id_of(sent)}").text
    assert "Not stored." in page
    assert "belongs to the owner of submission" in page
    assert id_of(sent) not in arena.submission_ids()
    again = opened(ATTEMPTS="dataset_research=1")
    assert "Not stored." in again.get(f"/received/{id_of(sent)}").text


def made(folder: Path) -> Submission:

    text = (json.dumps({"input": "a", "output": "b"}) + "\n").encode()
    (folder / f"{BANK}.jsonl").write_bytes(text)
    file = DataFile(task=BANK, path=f"data/{BANK}.jsonl", sha256=sha256(text).hexdigest(), bytes=len(text), rows=1)
    report = Report(track="dataset_research", problems=(), files=(file,), descriptions=None, missing=())
    form = {name: FIELDS[name] for name in ("system", "system_type", "team", "submitter")}
    return build_submission(report, SubmissionForm.from_form(form), datetime.now(UTC))


@pytest.mark.full
def test_many_at_once_under_a_quota(hub: Hub, tmp_path: Path) -> None:
    found = run_rush(hub, tmp_path, submissions=60, clients=6, hours=1.0)
    assert (found.stored_at_once + found.told_to_wait, found.neither) == (60, 0)
    assert (found.in_the_repository, found.lost, found.twice) == (60, 0, 0)
    assert found.most_commits_in_an_hour <= 60
