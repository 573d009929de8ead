"""The permanent address of a view, and its BibTeX entry."""

from __future__ import annotations

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from leaderboard.board.citation import escape_bibtex
from submissions.arena.arena import Arena
from tests.support.arena_fixture import publish, result, store
from tests.support.site_client import Open

pytestmark = pytest.mark.integration

BOARD = "/board/dataset_research"


def entry(site: TestClient, query: str = "", **headers: str) -> tuple[str, str]:
    page = site.get(f"{BOARD}{query}", headers=headers).text
    address = re.search(r'id="permanent" href="([^"]*)"', page)
    bibtex = re.search(r'id="bibtex">(.*?)</code>', page, re.DOTALL)
    assert address
    assert bibtex
    return unescape(address[1]), unescape(bibtex[1])


@pytest.mark.parametrize(
    "query",
    ["", "?method=few_shot_1&sort=team&q=a", "?category=text_classification", "?protocol=paper@1&kind=knowledge"],
)
def test_the_permanent_address_shows_the_same_rows_whatever_comes_later(
    arena: Arena, site: TestClient, visit: Open, query: str
) -> None:
    address, _ = entry(site, query)
    assert address.startswith(f"http://testserver{BOARD}?")
    seen = site.get(f"{BOARD}.json{query}").json()
    made = store(arena, 40, "Newcomer a", "Team Six", "hybrid")
    publish(arena, made, result(made, 1.4))
    elsewhere = visit(ARENA_PROTOCOL="arena@1")
    again = elsewhere.get(address.replace("http://testserver", "").replace(BOARD, f"{BOARD}.json")).json()
    assert again == seen


def test_an_entry_says_what_where_when_and_under_which_protocol(site: TestClient) -> None:
    address, bibtex = entry(site, "?method=few_shot_3&asof=2026-03-05")
    fields = dict(re.findall(r"^  (\w+) = (.*?),?$", bibtex, re.MULTILINE))
    assert re.fullmatch(r"@misc\{datasetresearch-arena-[0-9a-f]{8},", bibtex.splitlines()[0])
    assert fields == {
        "title": "{{DatasetResearch Arena}: DatasetResearch board, 3 shots, all tasks}",
        "author": "{{DatasetResearch Arena}}",
        "year": "2026",
        "month": "mar",
        "url": f"{{{address}}}",
        "note": f"{{Protocol demo@1, SHA-256 {'c' * 64}. Results published up to 2026-03-05 (UTC).}}",
    }
    assert "asof=2026-03-05" in address


def test_two_views_have_two_keys_and_one_view_one(site: TestClient) -> None:
    keys = [entry(site, query)[1].splitlines()[0] for query in ("", "?sort=team", "", "?asof=2026-03-07")]
    assert keys[0] == keys[2] == keys[3] != keys[1]


def test_a_board_of_published_figures_has_no_day(site: TestClient) -> None:
    address, bibtex = entry(site, "?protocol=paper@1")
    assert "asof" not in address
    assert "year" not in bibtex
    assert "Figures reported by their publication" in bibtex


def test_no_answer_for_one_host_goes_to_another(site: TestClient) -> None:
    forged, _ = entry(site, host="evil.example")
    assert forged.startswith("http://evil.example/")
    assert entry(site)[0].startswith("http://testserver/")
    told, _ = entry(site, **{"x-forwarded-host": "arena.example", "x-forwarded-proto": "https,http"})
    assert told.startswith(f"https://testserver{BOARD}?")


def test_nothing_ends_a_field_of_the_entry_early(site: TestClient) -> None:
    _, bibtex = entry(site, "?q=%7D%2C+title%3D%7B%5Cinput%7Bx%7D%0A", host='a}"{\\.example')
    depth = 0
    for sign in bibtex:
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0
    assert "\\input" not in bibtex
    assert escape_bibtex("50 % of_{a} & b\\c\n#1 ^~$") == (
        r"50 \% of\_\textbraceleft{}a\textbraceright{} \& b\textbackslash{}c \#1 \textasciicircum{}\textasciitilde{}\$"
    )
