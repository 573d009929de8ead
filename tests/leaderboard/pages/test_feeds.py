"""Atom feeds, read by an XML parser."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from submissions.arena.arena import Arena, commit_with_retry
from submissions.arena.ids import submission_dir
from submissions.records.status import History
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.arena_fixture import FORMULA, SCRIPT, now, publish, result, store

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(site: TestClient, path: str) -> list[dict[str, str]]:
    answer = site.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    assert feed.findtext(f"{ATOM}id") == f"http://testserver{path}"
    assert datetime.fromisoformat(feed.findtext(f"{ATOM}updated") or "").tzinfo
    return [{part.tag.removeprefix(ATOM): part.text or "" for part in entry} for entry in feed.findall(f"{ATOM}entry")]


def test_a_board_s_feed_has_its_results_newest_first(site: TestClient) -> None:
    found = entries(site, "/board/dataset_research/feed.atom")
    assert [entry["updated"] for entry in found] == sorted((entry["updated"] for entry in found), reverse=True)
    assert len({entry["id"] for entry in found}) == len(found) == 7
    titles = [entry["title"] for entry in found]
    assert any(title.startswith(SCRIPT) for title in titles)
    assert any(title.startswith(FORMULA) for title in titles)
    assert "under review" in next(entry["summary"] for entry in found if "🧙" in entry["title"])


def test_the_results_of_other_boards_push_none_out(
    site: TestClient, arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = entries(site, "/board/dataset_research/feed.atom")
    for number in (80, 81):
        made = store(arena, number, f"Elsewhere {number}", "Team Six", "hybrid", track="data_recipe")
        publish(arena, made, result(made, 0.5))
    monkeypatch.setattr("leaderboard.pages.feeds.MAX_ENTRIES", 2)
    found = entries(site, "/board/dataset_research/feed.atom")
    assert [entry["id"] for entry in found] == [entry["id"] for entry in before[:2]]


def test_a_record_that_cannot_be_read_breaks_no_board_s_feed(site: TestClient, arena: Arena) -> None:
    lost, *_ = arena.result_ids()
    commit_with_retry(arena.submissions, [Change(f"{submission_dir(lost)}/submission.json", b"{")])
    found = entries(site, "/board/dataset_research/feed.atom")
    assert len(found) == 6
    assert not any(lost in entry["id"] for entry in found)


def test_a_submission_s_feed_has_what_happened_to_it(site: TestClient, arena: Arena) -> None:
    ulid = arena.published_protocols().popitem()[0]
    states = [entry["title"] for entry in entries(site, f"/submissions/{ulid}/feed.atom")]
    assert states == ["published", *["evaluating"] * 4, "checking", "queued", "received"]


def test_a_control_character_in_a_message_breaks_no_reader(site: TestClient, arena: Arena) -> None:
    ulid = arena.submission_ids()[-1]
    history = History(submission=ulid, entries=(now("failed", "row \x00 \x1b[31m <b>", fault="evaluator"),))
    commit_with_retry(arena.results, [Change(f"status/{ulid}.json", to_json(history))])
    assert entries(site, f"/submissions/{ulid}/feed.atom")[0]["summary"] == "row \ufffd \ufffd[31m <b>"


@pytest.mark.parametrize("path", ["/board/nothing/feed.atom", "/submissions/nothing/feed.atom"])
def test_a_feed_of_nothing_is_not_found(site: TestClient, path: str) -> None:
    assert site.get(path).status_code == 404
