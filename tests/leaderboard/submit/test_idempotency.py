"""A submit that is sent again under its idempotency key returns the first submission."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import HfApi
from starlette.testclient import TestClient

from leaderboard.app import make_app
from leaderboard.settings import read_settings
from submissions.arena.arena import Arena, open_arena
from submissions.arena.ids import find_tail, id_tail, new_id, parse_id_time, seed_tail
from submissions.storage.repo import Change
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.site_client import Open
from tests.support.web_submissions import FIELDS, GOOD, ROWS

pytestmark = pytest.mark.integration

KEY = "0a9b7f0e-6c7c-4a5a-9d1c-3f1f2f0f8a11"
OTHER = ("mc-en-science.jsonl", ROWS.replace(b"question", b"other question"))


def api(site: TestClient, key: str | None = KEY, token: str = "", **fields: str) -> httpx2.Response:
    headers = ({"Idempotency-Key": key} if key is not None else {}) | ({"Authorization": token} if token else {})
    data = {**FIELDS, "action": "submit", **fields}
    return site.post("/api/submit", data=data, files=[("files", GOOD)], headers=headers)


def test_the_same_key_returns_the_first_submission(arena: Arena, visit: Open) -> None:
    count = len(arena.submission_ids())
    first = api(visit()).json()
    again = api(visit())  # a restarted server
    assert again.status_code == 201
    assert (again.json()["id"], again.json()["state"]) == (first["id"], "stored")
    assert len(arena.submission_ids()) == count + 1
    assert parse_id_time(first["id"]).date() == datetime.now(UTC).date()
    others = {api(visit(), key).json()["id"] for key in ("other-key", None, "")}
    others |= {api(visit(), team="Others").json()["id"], api(visit(), system="Another").json()["id"]}
    assert len(others | {first["id"]}) == 6


def test_concurrent_ones_store_one(arena: Arena, visit: Open) -> None:
    count = len(arena.submission_ids())
    sites = [visit(), visit()]  # two servers on one folder
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: api(sites[number % 2]), range(6)))
    stored = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert len(stored) > 1
    assert len(set(stored)) == 1
    assert len(arena.submission_ids()) == count + 1


def test_the_form_has_a_key_of_its_own_and_a_second_click_stores_nothing(arena: Arena, site: TestClient) -> None:
    count = len(arena.submission_ids())
    site.post("/submit", data={**FIELDS, "action": "check"}, files=[("files", GOOD)])  # gets the browser its key
    keys = [re.findall(r'name="idempotency_key" value="([^"]+)"', site.get("/submit").text)[0] for _ in range(2)]
    assert keys[0] != keys[1]
    form = {**FIELDS, "action": "submit", "idempotency_key": keys[0]}
    clicks = [site.post("/submit", data=form, files=[("files", GOOD)]) for _ in range(2)]
    assert [click.status_code for click in clicks] == [303, 303]
    assert clicks[0].headers["location"] == clicks[1].headers["location"]
    assert len(arena.submission_ids()) == count + 1
    form["idempotency_key"] = keys[1]
    other = site.post("/submit", data=form, files=[("files", OTHER)])
    assert other.headers["location"] != clicks[0].headers["location"]


def test_a_key_is_no_one_else_s(arena: Arena, site: TestClient, visit: Open) -> None:
    locations = set()
    for browser, team in ((site, "Ours"), (visit(), "Theirs")):  # a team's name belongs to its first owner
        form = {**FIELDS, "team": team, "action": "submit", "idempotency_key": KEY}
        browser.post("/submit", data={**FIELDS, "action": "check"}, files=[("files", GOOD)])
        locations.add(browser.post("/submit", data=form, files=[("files", GOOD)]).headers["location"])
    assert len(locations) == 2
    assert len({arena.read_submission(place.rpartition("/")[2]).owner for place in locations}) == 2


def test_what_was_refused_does_not_use_the_key_up(arena: Arena, site: TestClient) -> None:
    count = len(arena.submission_ids())
    assert api(site, team="").status_code == 422
    assert api(site, team="Ours").status_code == 201
    assert len(arena.submission_ids()) == count + 1


@pytest.mark.parametrize("key", ["a b", "x" * 201, "é", "\t"])
def test_what_is_no_key_is_refused(arena: Arena, site: TestClient, key: str) -> None:
    before = arena.submissions.head()
    form = {**FIELDS, "action": "submit", "idempotency_key": key}
    answer = site.post("/api/submit", data=form, files=[("files", GOOD)])
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["error"]
    assert arena.submissions.head() == before


def test_ids_of_one_seed_differ_in_their_time_alone() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    one, other, third = new_id(early, "seed"), new_id(late, "seed"), new_id(early, "another")
    assert id_tail(one) == id_tail(other) == seed_tail("seed") != id_tail(third)
    assert (parse_id_time(one), parse_id_time(other)) == (early, late)
    assert find_tail(id_tail(one), [third, other, one]) == one
    assert find_tail(id_tail(one), [third]) is None
    assert id_tail(new_id(early)) != id_tail(new_id(early))


def test_it_works_with_the_outbox_of_an_arena_on_the_hub(hub: Hub, arena: Arena, tmp_path: Path) -> None:
    for name in ("submissions", "results", "drafts"):
        HfApi(hub.url, "hf_bot_write").create_repo(f"arena/once-{name}", repo_type="dataset", private=True)
    there = open_arena("hf://arena/once")
    there.results.commit([Change("tasks.jsonl", arena.results.read("tasks.jsonl"))], there.results.head())

    def start() -> TestClient:
        environ = {"ARENA": "hf://arena/once", "SPOOL": str(tmp_path / "spool")}
        return TestClient(make_app(read_settings(environ)), follow_redirects=False)

    site = start()
    first = api(site).json()  # stored at once; the next ones wait for their commit
    assert first["state"] == "stored"
    with ThreadPoolExecutor(3) as pool:
        waiting = list(pool.map(lambda _: api(site, "second-key").json(), range(3)))
    assert {answer["state"] for answer in waiting} == {"waiting"}
    assert len({answer["id"] for answer in waiting}) == 1
    site.app.state.site.storing.close()  # type: ignore[attr-defined]
    site = start()
    assert api(site).json()["id"] == first["id"]
    assert api(site, "second-key").json()["id"] == waiting[0]["id"]
    site.app.state.site.storing.close()  # type: ignore[attr-defined]
