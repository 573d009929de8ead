"""Submitting in a real browser, and watching what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from leaderboard.snapshot import Reader
from submissions.arena import Arena, commit_again, dump
from submissions.models import History
from submissions.repo import Change
from tests.browser.conftest import Open
from tests.leaderboard.filled import now

pytestmark = pytest.mark.slow


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "mc-en-science.jsonl"
    file.write_text("".join(json.dumps({"input": f"q {n}", "output": f"a {n}"}) + "\n" for n in range(12)))
    return file


def fill_in(page: Page, file: Path, system: str) -> None:
    page.set_input_files("#files", file)
    page.fill("#system", system)
    page.select_option("#system_type", "hybrid")
    page.fill("#team", "Browsers")
    page.fill("#submitter", "Ada")
    page.fill("#description", "نص عربي")


def test_a_submission_is_stored_and_then_followed_live(visit: Open, good: Path, arena_of_base: Arena) -> None:
    page = visit("/submit")
    fill_in(page, good, "Browser <b>bold</b>")
    expect(page.locator("[data-files]")).to_contain_text("1 file(s)")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/submissions/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Browser <b>bold</b>")
    expect(page.locator(".standing .state")).to_have_text("received")
    ulid = page.url.rpartition("/")[2]
    history = History(submission=ulid, entries=(now("refused", "No row is left.", fault="submission"),))
    commit_again(arena_of_base.results, [Change(f"status/{ulid}.json", dump(history))])
    expect(page.locator(".standing .state")).to_have_text("refused", timeout=20_000)
    expect(page.locator("#live")).not_to_have_attribute("data-poll", "")
    assert Reader(arena_of_base).snapshot().submissions[ulid].team == "Browsers"


@pytest.mark.parametrize("scripted", [True, False])
def test_a_refusal_is_reported_with_line_and_fix(visit: Open, tmp_path: Path, good: Path, *, scripted: bool) -> None:
    bad = tmp_path / "bad" / good.name
    bad.parent.mkdir()
    bad.write_text(good.read_text() + '{"input": "<img src=x>"}\n')
    page = visit("/submit", java_script_enabled=scripted)
    fill_in(page, bad, "Careless")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#report h2")).to_contain_text("Refused")
    expect(page.locator(".problem .where").first).to_have_text("mc-en-science.jsonl:13")
    expect(page.locator("#system")).to_have_value("Careless")
    assert page.locator("#report img").count() == 0


def test_a_check_alone_says_that_nothing_was_stored(visit: Open, good: Path) -> None:
    page = visit("/submit")
    page.set_input_files("#files", good)
    page.get_by_role("button", name="Check only").click()
    expect(page.locator("#report.accepted h2")).to_have_text("The data passes the check")
