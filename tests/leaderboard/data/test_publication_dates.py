"""A board as of an earlier day."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from leaderboard.data.published.publication_dates import publication_days
from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from submissions.arena.arena import Arena, commit_with_retry
from submissions.storage.repo import Change
from tests.support.arena_fixture import FORMULA, OVERRIDE, SCRIPT, publish, result, store

BOARD = "/board/dataset_research"


def test_an_earlier_board_has_the_results_of_its_day_and_places_among_them(site: TestClient) -> None:
    rows = site.get(f"{BOARD}.json?asof=2026-03-04").json()
    assert [row["system"] for row in rows] == [SCRIPT, "Scholar Search 2", FORMULA, OVERRIDE]
    assert [(row["rank_first"], row["rank_last"]) for row in rows] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert {row["published_on"] for row in rows} == {f"2026-03-0{day}" for day in (1, 2, 3, 4)}
    page = site.get(f"{BOARD}?asof=2026-03-04&sort=team").text
    assert "as of 2026-03-04" in page
    assert f'id="asof-back" href="{BOARD}?sort=team"' in page


def test_a_day_that_brought_nothing_is_like_the_day_before(site: TestClient) -> None:
    assert site.get(f"{BOARD}.json?asof=2031-01-01").json() == site.get(f"{BOARD}.json").json()
    assert site.get(f"{BOARD}.json?asof=2026-02-28").json() == []
    page = site.get(f"{BOARD}?asof=2026-02-28").text
    assert "No results published by 2026-02-28" in page


@pytest.mark.parametrize("day", ["yesterday", "2026-2-3", "2026-02-30", "20260304", "٢٠٢٦-٠٣-٠٤", "2026-W10-1"])
def test_what_is_no_day_is_refused_with_an_example(site: TestClient, day: str) -> None:
    answer = site.get(f"{BOARD}.json?asof={day}")
    assert answer.status_code == 404
    assert "write asof=YYYY-MM-DD, for example" in answer.json()["error"]


def test_a_later_result_changes_no_earlier_board(arena: Arena, site: TestClient) -> None:
    before = site.get(f"{BOARD}.json?asof=2026-03-07").json()
    made = store(arena, 40, "Newcomer", "Team Six", "hybrid")
    publish(arena, made, result(made, 1.4))
    assert site.get(f"{BOARD}.json").json()[0]["system"] == "Newcomer"
    assert site.get(f"{BOARD}.json?asof=2026-03-07").json() == before


def test_a_result_without_a_day_is_left_out_and_counted(arena: Arena, site: TestClient) -> None:
    first = arena.submission_ids()[0]
    commit_with_retry(arena.results, [Change(f"status/{first}.json", b"{}")])
    assert first not in publication_days(SnapshotReader(arena).snapshot())
    assert first in {row["submission"] for row in site.get(f"{BOARD}.json").json()}
    assert first not in {row["submission"] for row in site.get(f"{BOARD}.json?asof=2026-12-31").json()}
    assert "1 result without a publication date is excluded" in site.get(f"{BOARD}?asof=2026-12-31").text
