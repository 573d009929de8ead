"""The live part of a submission's page: what it says, what a poll costs, and when it has the page look again."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from submissions.arena.arena import Arena, commit_with_retry
from submissions.records.status import History
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.arena_fixture import now, publish, result, store

pytestmark = pytest.mark.integration


@pytest.fixture
def ids(arena: Arena) -> dict[str, str]:
    return {arena.read_submission(ulid).system: ulid for ulid in arena.submission_ids()}


def tell(arena: Arena, ulid: str, state: str, **more: object) -> None:
    entries = (*arena.read_history(ulid).entries, now(state, f"It is {state}.", **more))
    commit_with_retry(
        arena.results, [Change(f"status/{ulid}.json", to_json(History(submission=ulid, entries=entries)))]
    )


def polled(page: str) -> tuple[str, dict[str, str]]:
    """Where a page's live part looks, and with which headers."""
    found = re.search(r'data-poll hx-get="([^"]+)" hx-headers=\'([^\']+)\'', page)
    assert found
    return unescape(found[1]), json.loads(found[2])


def test_an_unchanged_poll_is_answered_with_nothing_though_others_move_on(
    arena: Arena, site: TestClient, ids: dict[str, str]
) -> None:
    address, headers = polled(site.get(f"/submissions/{ids['Runs now']}").text)
    assert site.get(address, headers=headers).status_code == 304
    tell(arena, ids["Waits"], "evaluating", stage="check", done=1, of=6)
    unchanged = site.get(address, headers=headers)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    tell(arena, ids["Runs now"], "evaluating", stage="fine_tune", done=4, of=6)
    changed = site.get(address, headers=headers)
    assert changed.status_code == 200
    assert 'value="4" max="6"' in changed.text
    assert "<html" not in changed.text
    address, headers = polled(changed.text)
    assert site.get(address, headers=headers).status_code == 304


def test_a_poll_says_what_else_of_the_page_is_out_of_date(arena: Arena, site: TestClient, ids: dict[str, str]) -> None:
    address, headers = polled(site.get(f"/submissions/{ids['Runs now']}").text)
    tell(arena, ids["Runs now"], "evaluating", stage="fine_tune", done=4, of=6)
    assert "hx-trigger" not in site.get(address, headers=headers).headers
    tell(arena, ids["Runs now"], "failed", fault="evaluator")
    assert site.get(address, headers=headers).headers["hx-trigger"] == "standing"
    made = arena.read_submission(ids["Runs now"])
    publish(arena, made, result(made, 0.5))
    last = site.get(address, headers=headers)
    assert last.headers["hx-trigger"] == "result,standing"
    assert "data-poll" not in last.text, "what is published is looked for no more"


def test_a_queued_one_says_its_place_and_when_its_turn_may_come(site: TestClient, ids: dict[str, str]) -> None:
    page = site.get(f"/submissions/{ids['Waits']}").text
    assert "position 4 of 9 in the queue" in page
    assert '<time data-relative datetime="2026-03-10T14:00:00+00:00">2026-03-10 14:00 UTC</time>' in page


def test_the_log_s_end_is_shown_as_text(site: TestClient, ids: dict[str, str]) -> None:
    page = site.get(f"/submissions/{ids['Broke']}").text
    assert "&lt;/pre&gt;&lt;script&gt;alert(&#39;log&#39;)" in page
    assert "CUDA error: device lost</pre>" in page
    assert "costs no attempt" in page


def test_a_preview_shows_the_shots_alone_until_there_is_a_result(
    arena: Arena, site: TestClient, ids: dict[str, str]
) -> None:
    ulid = ids["Runs now"]
    page = site.get(f"/submissions/{ulid}").text
    total = next(total for total in arena.read_preview(ulid, "demo@1").totals if total.method == "few_shot_5")
    part = page[page.index('class="preview"') :]
    assert "shots only, training pending" in part
    assert f"{total.gain.value:.3f}" in part
    assert "5 shots</th>" in part
    assert "fine-tune</th>" not in part
    made = arena.read_submission(ulid)
    publish(arena, made, result(made, 0.5))
    assert 'class="preview"' not in site.get(f"/submissions/{ulid}").text


def test_the_live_part_of_what_does_not_exist_is_a_miss(site: TestClient) -> None:
    assert site.get("/submissions/none/live").status_code == 404


def test_without_scripts_the_page_loads_itself_again_or_by_a_link(site: TestClient, ids: dict[str, str]) -> None:
    page = site.get(f"/submissions/{ids['Runs now']}").text
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in page
    assert f'<a href="/submissions/{ids["Runs now"]}">Reload now</a>' in page


def test_the_list_is_searched_and_filtered_by_its_address(site: TestClient) -> None:
    def names(query: str) -> list[str]:
        return [row["system"] for row in site.get(f"/submissions.json?{query}").json()]

    assert names("state=queued") == ["Waits"]
    assert names("q=team+FOUR+kept") == ["Kept private"]
    assert names("system_type=deep_research&q=An-ex")[0].startswith("An-extremely")
    assert names("state=refused&system_type=search") == []
    assert "No submission matches" in site.get("/submissions?q=nothing-at-all").text
    assert "there are: received" in unescape(site.get("/submissions?state=none").text)
    page = site.get("/submissions?state=queued").text
    assert 'href="/submissions.csv?state=queued"' in page
    assert "4 of 9" in page


def test_the_list_discloses_attempts_and_is_turned_page_by_page(
    arena: Arena, site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(arena, 50, "Third", "Zauberei", "search")
    rows = site.get("/submissions.json?q=zauberei").json()
    assert [(row["attempt"], row["attempts"]) for row in rows] == [(2, 2), (1, 2)]
    monkeypatch.setattr("leaderboard.pages.submissions.AT_ONCE", 5)
    count = len(arena.submission_ids())
    seen: list[str] = []
    address: str | None = "/submissions?q="
    while address:
        page = site.get(address).text
        seen += re.findall(r'<a href="/submissions/(\w{26})" title', page)
        older = re.search(r'<a href="([^"]+)" rel="next"', page)
        address = unescape(older[1]) if older else None
    assert seen == sorted(arena.submission_ids(), reverse=True)
    assert len(seen) == count > 10
    assert site.get("/submissions?from=5000").status_code == 404
    assert site.get("/submissions?from=-1").status_code == 404


def test_what_it_cost_stands_on_the_page_and_in_its_twins(arena: Arena, site: TestClient, ids: dict[str, str]) -> None:
    ulid = ids["Scholar Search 2"]
    page = site.get(f"/submissions/{ulid}").text
    assert 'id="costs"' in page
    rows = site.get(f"/submissions/{ulid}/costs.json").json()
    costs = arena.read_ledger(ulid, "demo@1").costs
    stages = list(dict.fromkeys(cost.stage for cost in costs))
    assert [row["stage"] for row in rows] == [*stages, None]
    for row in rows:
        own = [cost for cost in costs if row["stage"] in (cost.stage, None)]
        assert row["seconds"] == pytest.approx(sum(cost.seconds for cost in own))
        assert row["tasks"] == len({cost.task for cost in own})
    assert len(site.get(f"/submissions/{ulid}/costs-by-task.json").json()) == len(costs) > 8
    assert site.get(f"/submissions/{ulid}/costs").headers["location"] == f"/submissions/{ulid}#costs"
    made = store(arena, 60, "No ledger", "T", "search")
    commit_with_retry(arena.results, [Change(f"results/{made.id}/demo@1.json", to_json(result(made, 0.2)))])
    assert 'id="costs"' not in site.get(f"/submissions/{made.id}").text
    assert site.get(f"/submissions/{made.id}/costs.csv").status_code == 404
