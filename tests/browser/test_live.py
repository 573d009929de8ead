"""Watching a submission in a real browser while it is evaluated, and acting on one's own."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from submissions.arena.arena import Arena, commit_with_retry
from submissions.records.status import History
from submissions.records.submission import Submission
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.arena_fixture import held, now, preview, publish, result, store
from tests.support.browser.audit import overflow, violations
from tests.support.browser.routes import OWNER, owner_s
from tests.support.browser.visits import Open

pytestmark = pytest.mark.slow
SOON = 20_000
"""In ms: the longest wait between two looks after a change, many times over."""
NUMBERS = iter(range(100, 200))


def tell(arena: Arena, made: Submission, state: str, *more: Change, **said: object) -> None:
    entries = (*arena.read_history(made.id).entries, now(state, f"It is {state}.", **said))
    history = History(submission=made.id, entries=entries)
    commit_with_retry(arena.results, [Change(f"status/{made.id}.json", to_json(history)), *more])


@pytest.fixture
def mine(arena_of_base: Arena) -> Iterator[Submission]:
    yield store(arena_of_base, next(NUMBERS), "Watched", "Team Six", "hybrid", owner=OWNER)


def test_every_stage_is_seen_without_loading_the_page_again(
    visit: Open, arena_of_base: Arena, mine: Submission
) -> None:
    page = visit(f"/submissions/{mine.id}")
    page.evaluate("window.isTheSame = true")
    expect(page.locator(".standing .state")).to_have_text("received")
    expect(page.locator(".owner")).to_contain_text("Only the browser or account that submitted it")
    page.locator(".history summary").click()
    tell(arena_of_base, mine, "queued", place=2, of=3, expected_start=now("queued", "").time)
    expect(page.locator(".place")).to_have_text("position 2 of 3 in the queue", timeout=SOON)
    expect(page.locator("time[data-relative] + span").first).to_contain_text("ago")
    few = Change(f"previews/{mine.id}/demo@1.json", to_json(preview(mine)))
    tell(arena_of_base, mine, "evaluating", few, stage="fine_tune", done=2, of=6)
    expect(page.locator(".step-doing .number")).to_have_text("2 of 6", timeout=SOON)
    expect(page.locator(".preview h2")).to_contain_text("shots only, training pending")
    assert page.locator(".history").get_attribute("open") is not None, "what was opened stays open"
    expect(page.locator("#totals")).to_have_count(0)
    publish(arena_of_base, mine, result(mine, 0.5))
    expect(page.locator(".standing .state")).to_have_text("published", timeout=SOON)
    expect(page.locator("#result #totals h2")).to_have_text("Result under demo@1")
    expect(page.locator(".preview")).to_have_count(0)
    expect(page.locator("#live")).not_to_have_attribute("data-poll", "")
    assert page.evaluate("window.isTheSame") is True


def test_an_unchanged_poll_transfers_nothing(visit: Open, mine: Submission) -> None:
    page = visit(f"/submissions/{mine.id}")
    with page.expect_response(lambda answer: "/live?" in answer.url, timeout=SOON) as first:
        page.wait_for_load_state()
    assert first.value.status == 304
    with page.expect_response(lambda answer: "/live?" in answer.url, timeout=SOON) as second:
        page.wait_for_load_state()
    assert second.value.status == 304
    expect(page.locator(".standing .state")).to_have_text("received")


def test_the_owner_has_a_failure_tried_again_with_one_click(
    visit: Open, base: str, arena_of_base: Arena, mine: Submission
) -> None:
    page, other = visit(f"/submissions/{mine.id}", storage_state=owner_s(base)), visit(f"/submissions/{mine.id}")
    expect(page.get_by_role("heading", name="Manage this submission")).to_be_visible()
    expect(page.get_by_role("button", name="Retry now")).to_have_count(0)
    tell(arena_of_base, mine, "failed", fault="evaluator", log_tail="<b>CUDA</b>\n" * 40)
    page.get_by_role("button", name="Retry now").click(timeout=SOON)
    expect(page.locator(".asked")).to_contain_text("Request to retry made at")
    assert urlsplit(page.url).path == f"/submissions/{mine.id}"
    assert [wish.kind for wish in arena_of_base.read_owner_requests(mine.id)] == ["retry"]
    expect(other.locator(".standing .state")).to_have_text("failed", timeout=SOON)
    expect(other.locator("#actions button")).to_have_count(0)
    tell(arena_of_base, mine, "retrying")
    expect(page.locator(".asked")).to_have_count(0, timeout=SOON)


@pytest.mark.parametrize("scripted", [True, False])
def test_withdrawing_takes_two_steps_with_and_without_scripts(
    visit: Open, base: str, arena_of_base: Arena, mine: Submission, *, scripted: bool
) -> None:
    page = visit(f"/submissions/{mine.id}", java_script_enabled=scripted, storage_state=owner_s(base))
    if not scripted:
        page.get_by_role("link", name="Manage this submission").click()
    page.get_by_text("Withdraw…").click()
    page.get_by_role("button", name="Withdraw").click()
    assert arena_of_base.read_owner_requests(mine.id) == (), "the browser asks for the tick first"
    page.get_by_label("Withdraw permanently").check()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator(".asked")).to_contain_text("Request to withdraw made at")
    assert [wish.kind for wish in arena_of_base.read_owner_requests(mine.id)] == ["withdraw"]


def test_a_held_result_is_read_and_published_by_its_owner(visit: Open, base: str, arena_of_base: Arena) -> None:
    made = held(arena_of_base, next(NUMBERS), owner=OWNER)
    page, other = visit(f"/submissions/{made.id}", storage_state=owner_s(base)), visit(f"/submissions/{made.id}")
    expect(other.locator("#live")).to_contain_text("Only the owner can see the result until publishing it")
    visit(f"/submissions/{made.id}/held", expects=403)
    page.get_by_role("link", name="See your result").click()
    expect(page.get_by_role("heading", name="Result under demo@1")).to_be_visible()
    assert violations(page) == []
    assert overflow(page) == 0
    page.go_back()
    expect(page.get_by_role("heading", name="Manage this submission")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("may be shown publicly").check()
    page.get_by_role("button", name="Publish the result").click()
    expect(page.locator(".asked")).to_contain_text("with the first rows of each data set")
    (wish,) = arena_of_base.read_owner_requests(made.id)
    assert (wish.kind, wish.samples) == ("publish", True)
