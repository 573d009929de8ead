"""A long board: a part of it at first, all of it in its twins, compressed bytes, and nothing sent twice."""

from __future__ import annotations

import re
from threading import Event

import brotli
import numpy as np
import pytest
from starlette.testclient import TestClient

from leaderboard.board import pagination as window
from leaderboard.ranking import board_ranks as ranks
from submissions.arena.arena import Arena
from tests.support.site_client import Open

BOARD = "/board/dataset_research"


@pytest.fixture
def short(arena: Arena, visit: Open, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The filled board, two rows at a time."""
    assert arena.read_tasks()
    monkeypatch.setattr(window, "STEP", 2)
    return visit()


def rows(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="system" dir="auto"><a href="/submissions/([^"?]+)', page)


def test_the_first_rows_come_first_and_links_bring_the_others(short: TestClient) -> None:
    every = [row["submission"] for row in short.get(f"{BOARD}.json").json() if not row["flagged"]]
    page = short.get(BOARD).text
    assert rows(page.partition("Under review")[0]) == every[:2]
    assert "2 of 6 rows" in page
    assert f'<a href="{BOARD}?rows=4">Show 2 more</a>' in page
    assert rows(short.get(f"{BOARD}?rows=4").text.partition("Under review")[0]) == every[:4]
    whole = short.get(f"{BOARD}?rows=all").text
    assert rows(whole.partition("Under review")[0]) == every
    assert "more-rows" not in whole


def test_what_is_scrolled_to_is_rows_and_the_next_place(short: TestClient) -> None:
    every = [row["submission"] for row in short.get(f"{BOARD}.json").json() if not row["flagged"]]
    found: list[str] = []
    address = BOARD
    while address:
        page = short.get(address).text
        assert address == BOARD or "<html" not in page
        found += rows(page.partition("Under review")[0])
        link = re.search(r'hx-get="([^"]+)" hx-trigger="revealed"', page)
        address = link[1].replace("&amp;", "&") if link else ""
    assert found == every


def test_a_window_keeps_the_view(short: TestClient) -> None:
    page = short.get(f"{BOARD}?sort=team&method=few_shot_1").text
    assert f'href="{BOARD}?method=few_shot_1&amp;sort=team&amp;rows=4"' in page


@pytest.mark.parametrize("query", ["rows=0", "rows=-1", "rows=many", "rows=100&after=x"])
def test_a_window_that_does_not_exist_says_what_does(short: TestClient, query: str) -> None:
    assert short.get(f"{BOARD}?{query}").status_code == 404


def test_kept_answers_are_sent_compressed_or_not_at_all(site: TestClient) -> None:
    plain = site.get(BOARD, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    for accepted, encoding in (("gzip, deflate", "gzip"), ("gzip, br", "br"), ("br;q=0, gzip;q=0.5", "gzip")):
        with site.stream("GET", BOARD, headers={"Accept-Encoding": accepted}) as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == encoding
        assert answer.headers["vary"].startswith("Accept-Encoding")
        assert len(raw) == int(answer.headers["content-length"]) < len(plain.content) / 3
        if encoding == "br":
            assert brotli.decompress(raw) == plain.content
    again = site.get(BOARD, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_large_board_does_not_wait_for_its_places(arena: Arena, visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    assert arena.read_tasks()
    expected = visit().get(f"{BOARD}.json").json()
    monkeypatch.setattr(ranks, "CROWD", 2)
    places = ranks.RankCache(most=1000)
    monkeypatch.setattr(ranks, "_PLACES", places)
    site = visit()
    first = site.get(BOARD)
    if "Ranks are being computed" in first.text:
        assert first.headers["cache-control"] == "no-store"
    places._behind.shutdown(wait=True)
    assert site.get(f"{BOARD}.json").json() == expected
    assert "Ranks are being computed" not in site.get(BOARD).text


def test_few_views_of_a_large_board_wait_for_their_places_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "CROWD", 2)
    places, go_on = ranks.RankCache(most=10_000), Event()
    places._behind.submit(go_on.wait)
    values = np.arange(12.0).reshape(3, 4)
    try:
        assert [places.get_or_compute(view, values) for view in range(100)] == [None] * 100
        assert len(places._asked) < 10
    finally:
        go_on.set()
        places._behind.shutdown(wait=True)
    assert places._asked == {}
    assert places.get_or_compute(0, values) is not None
