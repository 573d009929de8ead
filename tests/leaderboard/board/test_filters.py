"""Search, filters, best per team, pinned rows and chosen columns: the same on the page and in its twins."""

from __future__ import annotations

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from leaderboard.board.row import published_key
from leaderboard.data.published import load_published
from submissions.arena.arena import Arena
from tests.support.arena_fixture import ARABIC, EMOJI, FORMULA, LONG, OVERRIDE, SCRIPT, publish, result, store

pytestmark = pytest.mark.integration

BOARD = "/board/dataset_research"


def systems(site: TestClient, query: str) -> list[str]:
    return [row["system"] for row in site.get(f"{BOARD}.json{query}").json()]


def on_page(site: TestClient, query: str) -> list[str]:
    tables = site.get(f"{BOARD}{query}").text.partition('id="metadata"')[0]
    shown = re.findall(r'<th scope="row"[^>]*><(?:a|span)[^>]*>(.*?)</(?:a|span)>', tables)
    return [unescape(name) for name in shown]


def key(site: TestClient, system: str) -> str:
    rows = site.get(f"{BOARD}.json").json()
    return next(row["key"] for row in rows if row["system"] == system)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=scholar", ["Scholar Search 2"]),
        ("?q=zauberei", [EMOJI]),
        ("?q=فريق", [ARABIC]),
        ("?q=%3Cscript%3E", [SCRIPT]),
        ("?q=nobody", []),
        ("?system_type=deep_research", [LONG, ARABIC]),
        ("?system_type=search&q=sum(", [FORMULA]),
        ("?badge=published", []),
    ],
)
def test_rows_that_pass_are_shown_in_the_page_and_its_twin(site: TestClient, query: str, expected: list[str]) -> None:
    assert systems(site, query) == expected
    assert on_page(site, query) == expected
    assert ("No row matches these filters" in site.get(f"{BOARD}{query}").text) is not bool(expected)


def test_a_filter_moves_no_place(site: TestClient) -> None:
    (row,) = site.get(f"{BOARD}.json?q=scholar").json()
    assert (row["rank_first"], row["rank_last"]) == (2, 3)
    assert "1 of 7 rows. Ranks are those of the full board." in site.get(f"{BOARD}?q=scholar").text


def test_what_is_sought_stands_in_the_form_as_text(site: TestClient) -> None:
    page = site.get(f'{BOARD}?q="><script>alert(1)</script>').text
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    "query",
    [
        "system_type=magic",
        "badge=gold",
        "best=friend",
        "kind=luck",
        "category=none",
        "language=xx",
        "columns=overall,x",
    ],
)
def test_an_unknown_name_is_answered_with_those_that_exist(site: TestClient, query: str) -> None:
    answer = site.get(f"{BOARD}?{query}")
    assert answer.status_code == 404
    assert "there are:" in answer.text


def test_the_best_of_a_team_is_so_by_the_sorted_column(arena: Arena, site: TestClient) -> None:
    for number, level in ((30, 0.9), (31, 0.7), (32, 0.1)):
        made = store(arena, number, f"Run {number}", "Northern Lights Lab", "search")
        publish(arena, made, result(made, level))
    flagged = store(arena, 33, "Run 33", "Northern Lights Lab", "search")
    publish(arena, flagged, result(flagged, 1.1, flagged="looks copied"))
    for sort in ("", "&sort=overall", "&sort=rank_first", "&sort=-rank_first", "&sort=team", "&sort=-knowledge"):
        rows = site.get(f"{BOARD}.json?best=team{sort}").json()
        found = [(row["system"], row["runs"]) for row in rows if row["team"] == "Northern Lights Lab"]
        assert found == [("Run 30", 4), ("Run 33", None)], sort
    assert "best of 4 runs" in site.get(f"{BOARD}?best=team").text
    pinned = site.get(f"{BOARD}.json?best=team&pin={key(site, 'Run 32')}").json()
    assert [row["system"] for row in pinned][:2] == ["Run 32", "Run 30"]


def test_the_untouched_model_stands_for_no_team(site: TestClient) -> None:
    rows = site.get(f"{BOARD}.json?protocol=paper@1&best=team").json()
    assert [(row["system"], row["runs"]) for row in rows] == [
        ("OpenAI o3 w/ ref", 4),
        ("Llama-3.1-8B, untouched", None),
    ]


def test_pinned_rows_stand_first_in_spite_of_filters_and_can_be_let_go(site: TestClient) -> None:
    first, second = key(site, OVERRIDE), key(site, FORMULA)
    query = f"?pin={first},{second}&system_type=deep_research"
    assert systems(site, query) == [FORMULA, OVERRIDE, LONG, ARABIC]
    assert on_page(site, query) == [FORMULA, OVERRIDE.replace("\u202e", "\ufffd"), LONG, ARABIC]
    assert [row["pinned"] for row in site.get(f"{BOARD}.json{query}").json()] == [True, True, False, False]
    page = unescape(site.get(f"{BOARD}{query}").text)
    assert f'<a href="{BOARD}?system_type=deep_research&pin={second}">unpin</a>' in page
    assert f'<a href="{BOARD}?system_type=deep_research&pin={first},{second},{key(site, LONG)}">pin</a>' in page
    assert f"?pin={first}&pin={second}" not in page
    assert systems(site, f"?pin={first}&pin={second}") == systems(site, f"?pin={first},{second},{first}")


def test_a_flagged_row_is_pinned_in_its_own_table(site: TestClient) -> None:
    query = f"?pin={key(site, EMOJI)}"
    assert systems(site, query)[-1] == EMOJI
    page = site.get(f"{BOARD}{query}").text
    assert 'class="pinned"' not in page
    assert ">unpin</a>" in page.partition("Under review")[2]


def test_five_rows_can_be_pinned_and_a_stranger_none(site: TestClient) -> None:
    keys = [row["key"] for row in site.get(f"{BOARD}.json").json()]
    page = site.get(f"{BOARD}?pin={','.join(keys[:5])}").text
    assert (page.count(">unpin</a>"), page.count(">pin</a>")) == (5, 0)
    assert site.get(f"{BOARD}?pin={','.join(keys[:6])}").status_code == 404
    answer = site.get(f"{BOARD}.json?pin=nobody")
    assert answer.status_code == 404
    assert "`key`" in answer.json()["error"]


def test_a_pin_without_a_number_on_the_view_is_said(site: TestClient) -> None:
    pin = published_key("OpenAI o3 w/ ref")
    assert systems(site, f"?protocol=paper@1&pin={pin}&sort=overall")[0] == "OpenAI o3 w/ ref"
    assert systems(site, f"?pin={pin}") == systems(site, "")
    assert "1 pinned row has no number in this view" in site.get(f"{BOARD}?pin={pin}").text


def test_every_published_system_has_a_key_of_its_own() -> None:
    names = {row.system for row in load_published("dataset_research").rows}
    assert len({published_key(name) for name in names}) == len(names)


def test_columns_are_chosen_and_the_system_always_stays(site: TestClient) -> None:
    heads = re.findall(r'id="sort-(\w+)"', site.get(f"{BOARD}?columns=median&columns=overall,published_on").text)
    assert heads == ["system", "overall", "median", "published_on"]
    row = site.get(f"{BOARD}.json?columns=median&columns=overall").json()[0]
    assert {"system", "median", "overall", "overall_low", "overall_high", "unit", "protocol"} <= row.keys()
    assert not {"knowledge", "team", "rank_first", "seed_sd"} & row.keys()
    assert site.get(f"{BOARD}.csv?columns=system").text.splitlines()[0].startswith("system,runs,unit,")
    assert re.findall(r'id="sort-(\w+)"', site.get(f"{BOARD}?columns=system").text) == ["system"]


def test_the_form_of_columns_carries_the_rest_of_the_view(site: TestClient) -> None:
    page = site.get(f"{BOARD}?method=few_shot_1&q=a&sort=team&columns=team").text
    form = page.partition("<summary>Columns</summary>")[2].partition("</form>")[0]
    assert re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', form) == [
        ("method", "few_shot_1"), ("sort", "team"), ("q", "a"), ("columns", "system"),
    ]  # fmt: skip
    assert re.findall(r'value="(\w+)" checked', form) == ["team"]


def test_switches_and_heads_keep_the_filters(site: TestClient) -> None:
    page = unescape(site.get(f"{BOARD}?q=a&kind=reasoning").text)
    assert f'href="{BOARD}?method=few_shot_1&q=a&kind=reasoning"' in page
    assert f'href="{BOARD}?sort=team&q=a&kind=reasoning"' in page
    assert f'id="unfiltered" href="{BOARD}"' in page
