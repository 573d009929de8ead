"""The front page: who leads, what came in last, what is not open yet."""

from __future__ import annotations

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from submissions.arena.arena import Arena
from tests.support.arena_fixture import EMOJI, SYSTEMS, TASKS
from tests.support.site_client import Open
from tests.support.varied_systems import add


def test_the_best_of_each_team_lead_with_the_board_s_own_figures(arena: Arena, site: TestClient) -> None:
    add(arena, "Varied", 0.6)
    add(arena, "Varied too", 0.5, day=61)
    leaders = site.get("/leaders.json").json()
    board = {row["key"]: row for row in site.get("/board/dataset_research.json").json()}
    values = [row["overall"] for row in leaders]
    assert len(leaders) == 5
    assert values == sorted(values, reverse=True)
    assert len({row["team"] for row in leaders}) == len(leaders)
    assert EMOJI not in {row["system"] for row in leaders}, "set apart"
    for row in leaders:
        assert (row["overall"], row["overall_low"]) == (board[row["key"]]["overall"], board[row["key"]]["overall_low"])
    table = site.get("/").text.partition('class="home-leaders"')[2].partition("</table>")[0]
    assert re.findall(r'<span class="number">([^<]*)', table) == [f"{value:.3f}" for value in values]
    assert site.get("/leaders").headers["location"] == "/#leaders"


def test_the_last_results_come_first_with_their_days(arena: Arena, site: TestClient) -> None:
    newest = add(arena, "Newest", 0.4)
    listed = site.get("/").text.partition('class="home-last"')[2].partition("</ol>")[0]
    times = re.findall(r'<time datetime="([^"]*)"', listed)
    assert times == sorted(times, reverse=True)
    assert times[0] == "2026-04-30"
    assert re.findall(r'href="/submissions/([^?]*)\?', listed)[0] == newest.submission
    assert "under review" in listed
    assert "not scored" in listed


def test_it_counts_what_there_is(arena: Arena, site: TestClient) -> None:
    page = unescape(site.get("/").text)
    assert f"<b>{len(TASKS)}</b> tasks" in page
    assert f"<b>{len({task[4] for task in TASKS})}</b> languages" in page
    assert f"<b>{len(SYSTEMS)}</b> evaluated results" in page
    states = [arena.read_history(ulid).now.state for ulid in arena.submission_ids()]
    waiting = sum(state in ("received", "checking", "queued", "evaluating", "retrying") for state in states)
    assert f"{waiting} in progress" in page, "a failed and a refused one are not"


def test_tracks_without_a_scorer_are_named_and_have_no_board(site: TestClient) -> None:
    page = site.get("/").text.partition('id="to-come"')[2].partition("</section>")[0]
    assert "no scorer and no board" in page
    assert all(name in page for name in ("data recipes", "research trees", "search training data"))
    assert "href" not in page


@pytest.mark.parametrize("path", ["/", "/leaders.json"])
def test_an_empty_arena_leads_with_the_paper_s_figures_and_says_so(visit: Open, path: str) -> None:
    answer = visit("empty").get(path)
    if path == "/":
        assert "not run by us" in answer.text
        assert "None yet under paper@1" in answer.text
    else:
        assert {row["badge"] for row in answer.json()} == {"published"}
        assert [row["overall"] for row in answer.json()] == sorted(
            (row["overall"] for row in answer.json()), reverse=True
        )


def test_the_leaders_are_the_first_of_the_best_of_each_team(arena: Arena, site: TestClient) -> None:
    add(arena, "Varied", 0.6)
    add(arena, "Varied too", 0.5, day=61)
    leaders = site.get("/leaders.json").json()
    protocol = leaders[0]["protocol"]
    board = site.get(f"/board/dataset_research.json?best=team&protocol={protocol}").json()
    leading = [row for row in board if row["overall"] is not None and not row["flagged"] and row["system_type"]]
    told = ("system", "team", "overall", "overall_low", "runs", "submission", "tasks", "published_on", "unscored")
    expected = [[row[name] for name in told] for row in leading if row["badge"] != "self-reported"]
    assert [[row[name] for name in told] for row in leaders] == expected[: len(leaders)]
    assert len(leaders) == min(5, len(expected))
