"""A team's name on the site: one owner, guests by invitation, one system for look-alike names, repeated files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leaderboard.app import make_app
from leaderboard.settings import read_settings
from tests.support.submission_inputs import BANK
from tests.support.submission_records import arena_with_tasks
from tests.support.web_submissions import FIELDS, ROWS, send

pytestmark = pytest.mark.integration
FILE = (f"{BANK}.jsonl", ROWS)


@pytest.fixture
def visitors(tmp_path: Path) -> tuple[TestClient, TestClient]:
    """Two browsers on one site."""
    assert arena_with_tasks(tmp_path / "arena").read_tasks()
    app = make_app(read_settings({"ARENA": str(tmp_path / "arena")}))
    return TestClient(app, follow_redirects=False), TestClient(app, follow_redirects=False)


def own_id(visitor: TestClient) -> str:
    found = re.search(r"key:[0-9a-f]{64}", visitor.get("/teams").text)
    assert found
    return found[0]


def test_a_team_has_one_owner_who_invites_others(visitors: tuple[TestClient, TestClient]) -> None:
    owner, other = visitors
    assert "You have no id here yet" in owner.get("/teams").text
    first = send(owner, "submit", FILE, team="Data Lab")
    assert first.status_code == 303
    taken = send(other, "submit", FILE, team="DATА LAB")
    assert taken.status_code == 422
    assert "belongs to the owner of submission" in taken.text
    assert own_id(other) in taken.text
    form = {"team": "Data Lab", "guest": own_id(other), "kind": "invite"}
    assert other.post("/teams", data=form).status_code == 403
    assert owner.post("/teams", data={**form, "guest": "somebody"}).status_code == 422
    assert owner.post("/teams", data=form).status_code == 303
    assert own_id(other) in owner.get("/teams").text
    assert send(other, "submit", FILE, team="data lab").status_code == 303
    assert owner.post("/teams", data={**form, "kind": "revoke"}).status_code == 303
    assert own_id(other) not in owner.get("/teams").text
    assert send(other, "submit", FILE, team="data lab").status_code == 422
    assert other.post("/api/teams", data=form).status_code == 403


def test_spellings_of_one_system_are_one_system_and_old_links_lead_to_it(
    visitors: tuple[TestClient, TestClient],
) -> None:
    owner, _ = visitors
    pages = [send(owner, "submit", FILE, team=team, system=system).headers["location"]
             for team, system in (("Data Lab", "Finder"), ("DATA LAB", "Fіnder"), ("Data Lab", "Else"))]  # fmt: skip
    links = [re.findall(r'href="(/systems/[^"#?]+)"', owner.get(page).text)[0] for page in pages]
    assert len(set(links)) == 3
    first, second, third = (owner.get(link) for link in links)
    assert [page.status_code for page in (first, second, third)] == [200, 200, 200]
    assert first.text.count(pages[1].rpartition("/")[2]) > 0
    assert "<h1" in second.text
    assert second.text.count(pages[0].rpartition("/")[2]) > 0
    assert third.text.count(pages[0].rpartition("/")[2]) == 0
    listed = owner.get("/submissions.json?q=finder").json()
    assert "3" in str(listed)
    assert str(listed).count("DATA LAB") == 1


def test_the_same_files_again_are_a_warning_that_names_the_earlier(visitors: tuple[TestClient, TestClient]) -> None:
    program = visitors[0]
    answers = [
        program.post("/api/submit", data={**FIELDS, "action": "submit"}, files=[("files", FILE)]).json() for _ in "12"
    ]
    assert [answer["state"] for answer in answers] == ["stored", "stored"]
    assert answers[0]["problems"] == []
    assert answers[1]["problems"][-1]["level"] == "warning"
    assert answers[0]["id"] in answers[1]["problems"][-1]["what"]


def test_the_page_after_submitting_links_the_earlier_submission_with_the_same_files(
    visitors: tuple[TestClient, TestClient],
) -> None:
    browser, other = visitors
    pages = [send(browser, "submit", FILE, team=team).headers["location"] for team in ("Ours", "OURS")]
    link = f'<a href="{pages[0]}">Submission {pages[0].rpartition("/")[2]}</a> of the same team has the same files'
    assert link in browser.get(pages[1]).text
    assert "has the same files" not in browser.get(pages[0]).text, "the first repeats nothing"
    of_others = [
        send(browser, "submit", FILE, team="A second team of one account"),
        send(other, "submit", FILE, team="Strangers"),
        send(browser, "submit", (FILE[0], FILE[1].replace(b"question 0", b"question zero")), team="Ours"),
    ]
    for answer in of_others:
        assert "has the same files" not in browser.get(answer.headers["location"]).text
