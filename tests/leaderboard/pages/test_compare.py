"""Two to five systems side by side: who may stand there, what the tables hold, and where the marks are."""

from __future__ import annotations

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from leaderboard.charts.dumbbell_chart import SHAPES, assign_hues, build_dumbbell_plot
from leaderboard.charts.plotly_charts import PALETTE, assign_colours
from leaderboard.data.systems import slug_of
from leaderboard.pages.compare.tables import MOST
from leaderboard.ranking.rank_sets import benjamini_hochberg, pair_p
from submissions.arena.arena import Arena
from tests.support.arena_fixture import ARABIC, EMOJI, SYSTEMS, TASKS, publish, result, store

pytestmark = pytest.mark.integration

SLUGS = {system: slug_of(team, system) for system, team, *_ in SYSTEMS}
ALL = list(SLUGS.values())


def ask(*slugs: str, **more: str) -> str:
    pairs = [*more.items(), *(("system", slug) for slug in slugs)]
    return "?" + "&".join(f"{name}={value}" for name, value in pairs)


@pytest.mark.parametrize(
    ("slugs", "message"),
    [
        (ALL[:1], "a comparison needs 2 to 5"),
        (ALL[:1] * 3, "a comparison needs 2 to 5"),
        (ALL[:6], "6 systems are too"),
    ],
)
def test_more_or_fewer_are_told_how_to_choose(site: TestClient, slugs: list[str], message: str) -> None:
    answer = site.get("/compare" + ask(*slugs))
    assert answer.status_code == 200
    assert message in answer.text
    assert "Select 2 to 5 systems below" in answer.text
    assert 'class="strips"' not in answer.text
    ticked = re.findall(r'name="system" value="([^"]+)" checked', answer.text)
    assert set(ticked) == set(slugs)
    for twin in ("/compare.json", "/compare/pairs.json", "/compare/metadata.json"):
        refused = site.get(twin + ask(*slugs))
        assert refused.status_code == 400
        assert message in refused.json()["error"]


def test_the_form_needs_no_script_and_offers_every_system_once(site: TestClient) -> None:
    for path in ("/compare", "/board/dataset_research?method=few_shot_3"):
        form = re.search(
            r'<form class="picker" action="/compare" method="get">.*?</form>', site.get(path).text, re.DOTALL
        )[0]
        assert sorted(re.findall(r'type="checkbox" name="system" value="([^"]+)"', form)) == sorted(ALL)
        method = "few_shot_3" if "few" in path else "fine_tune"
        assert f'name="method" value="{method}"' in form
        assert form.count("under review") == 1


def test_the_form_finds_a_system_by_name_or_team_and_keeps_the_chosen(site: TestClient) -> None:
    page = site.get("/compare" + ask(ALL[1], find="NORTHERN")).text
    assert re.findall(r'name="system" value="([^"]+)"', page) == [ALL[1], ALL[0]]
    assert "contains “<bdi>nobody</bdi>”" in site.get("/compare?find=nobody").text


def test_a_crowd_is_not_listed_whole(arena: Arena, site: TestClient) -> None:
    for number in range(60, 122):
        made = store(arena, number, f"Crowd {number}", "Many", "search")
        publish(arena, made, result(made, 0.2))
    page = site.get("/compare").text
    assert page.count('name="system"') == 60
    assert f"{62 + len(SYSTEMS) - 60} more not shown" in page


def test_the_task_table_has_a_column_for_each_system_and_falls_by_difference(site: TestClient) -> None:
    query = ask(*ALL[:3], method="few_shot_5")
    rows = site.get(f"/compare.json{query}").json()
    assert len(rows) == len(TASKS)
    for row in rows:
        scores = site.get(f"/tasks/{row['task']}.json").json()
        gains = {slug_of(one["team"], one["system"]): one for one in scores if one["method"] == "few_shot_5"}
        for slug in ALL[:3]:
            expected = tuple(gains[slug][name] for name in ("gain", "gain_low", "gain_high"))
            assert (row[slug], row[f"{slug}_low"], row[f"{slug}_high"]) == expected
        assert row["difference"] == pytest.approx(row[ALL[0]] - max(row[ALL[1]], row[ALL[2]]))
    assert [row["difference"] for row in rows] == sorted((row["difference"] for row in rows), reverse=True)
    shown = re.findall(r'class="strip-name" dir="auto">([^<]*)<', site.get(f"/compare{query}").text)
    assert [unescape(title) for title in shown] == [row["title"] for row in rows]


def test_pairs_are_tested_as_the_board_tests_them(site: TestClient) -> None:
    rows = site.get("/compare/pairs.json" + ask(*ALL[:4])).json()
    tasks = site.get("/compare.json" + ask(*ALL[:4])).json()
    assert len(rows) == 6
    for row in rows:
        less = [task[row["first_slug"]] - task[row["second_slug"]] for task in tasks]
        assert (row["wins"], row["losses"], row["ties"]) == (
            sum(one > 0 for one in less), sum(one < 0 for one in less), sum(one == 0 for one in less),
        )  # fmt: skip
        assert row["tasks"] == row["wins"] + row["losses"] + row["ties"] == len(TASKS)
        assert row["p"] == pytest.approx(pair_p([less])[0])
        assert row["difference"] == pytest.approx(sum(less) / len(less))
    adjusted = benjamini_hochberg([row["p"] for row in rows])
    assert [row["p_adjusted"] for row in rows] == pytest.approx(list(adjusted))


def test_the_verdict_is_said_in_words(arena: Arena, site: TestClient) -> None:
    twin = store(arena, 40, "Scholar Search 2", "Another Lab", "search")
    publish(arena, twin, result(twin, 0.46))
    page = unescape(site.get("/compare" + ask(ALL[0], slug_of("Another Lab", "Scholar Search 2"), ALL[2])).text)
    assert "no significant difference" in page
    assert "Scholar Search 2 (Another Lab)" in page, "equal names are told apart by their teams"
    assert "Over 12 tasks: 0 won, 0 lost, 12 tied" in page
    assert "<bdi>Scholar Search 2 (Northern Lights Lab)</bdi> is significantly better" in page
    few = unescape(site.get("/compare" + ask(ALL[0], ALL[2], subset="pro")).text)
    assert "Over 3 tasks: 2 won, 0 lost, 1 tied" in few
    assert "With so few tasks no difference could be significant." in few


def test_totals_and_categories_are_those_of_the_results(arena: Arena, site: TestClient) -> None:
    rows = site.get("/compare/totals.json" + ask(*ALL[:2])).json()
    ulid = arena.submission_ids()[0]
    stored = {
        (row["method"], row["group"]): (row["gain"], row["low"], row["high"])
        for row in site.get(f"/submissions/{ulid}/totals.json").json()
        if row["subset"] == "full"
    }
    assert {
        (row["method"], row["group"]): (row[ALL[0]], row[f"{ALL[0]}_low"], row[f"{ALL[0]}_high"]) for row in rows
    } == stored
    of_one = {row["category"]: row["gain"] for row in site.get(f"/systems/{ALL[1]}/categories.json").json()}
    categories = site.get("/compare/categories.json" + ask(*ALL[:2])).json()
    assert {row["category"]: row[ALL[1]] for row in categories} == of_one
    assert {row["tasks"] for row in categories} == {2}


def test_an_unscored_total_is_no_zero(site: TestClient) -> None:
    rows = site.get("/compare/totals.json" + ask(ALL[0], SLUGS[ARABIC])).json()
    missing = [row for row in rows if row[SLUGS[ARABIC]] is None]
    assert {row["group"] for row in missing} == {"overall", "knowledge"}
    assert all("could not be read" in row[f"{SLUGS[ARABIC]}_why"] for row in missing)


def test_what_is_set_apart_is_comparable_and_marked(site: TestClient) -> None:
    page = unescape(site.get("/compare" + ask(ALL[0], SLUGS[EMOJI])).text)
    assert "Under review: 13 % of its rows copy a <test> row." in page
    assert page.partition('id="choose"')[0].count('<small class="fault">under review</small>') >= 3


def test_what_has_no_result_is_left_out_and_said(site: TestClient) -> None:
    waiting = slug_of("Team Four", "Waits")
    page = site.get("/compare" + ask(ALL[0], waiting, ALL[1])).text
    assert f'<a href="/systems/{waiting}" dir="auto">Waits</a> has no result under demo@1 and is excluded.' in page
    assert 'class="strips"' in page
    assert waiting not in site.get("/compare.json" + ask(ALL[0], waiting, ALL[1])).json()[0]


def test_a_radar_is_drawn_only_of_one_judge_s_scores(arena: Arena, site: TestClient) -> None:
    judged = [slug for (_, _, _, level), slug in zip(SYSTEMS, ALL, strict=True) if level > 0.4]
    one = site.get("/compare" + ask(*judged[:3])).text
    assert 'id="metadata-figure"' in one
    made = store(arena, 40, "Other judge", "Team", "search")
    other = result(made, 0.8, judged=True)
    publish(arena, made, other.model_copy(update={"metadata": other.metadata.model_copy(update={"snapshot": "else"})}))
    two = site.get("/compare" + ask(judged[0], slug_of("Team", "Other judge"))).text
    assert 'id="metadata-figure"' not in two
    assert "different judges" in two
    none = site.get("/compare" + ask(SLUGS[SYSTEMS[2][0]], SLUGS[SYSTEMS[3][0]])).text
    assert 'id="metadata"' not in none
    assert site.get("/compare/metadata.json" + ask(ALL[2], ALL[3])).json() == []


def test_marks_stand_where_their_gains_are_and_leave_the_edges_free() -> None:
    row = {"a": 0.5, "a_low": 0.0, "a_high": 1.0, "b": -1.0, "b_low": None, "b_high": None}
    nobody = dict.fromkeys(row)
    drawn = build_dumbbell_plot([row, nobody], ["a", "b"], ["One", "Two"], {0.0: "base model", 1.0: "real data"})
    first, second = drawn.strips[0].marks
    assert (drawn.ticks[0].at, drawn.ticks[1].at) == (50.0, 97.0)
    assert (first.low, first.at, first.high) == (50.0, 73.5, 97.0)
    assert (second.low, second.at) == (None, 3.0)
    assert (drawn.strips[0].first, drawn.strips[0].last) == (3.0, 73.5)
    assert drawn.strips[1].marks == ()
    assert first.shape != second.shape


def test_a_system_has_the_colour_that_it_has_in_other_charts() -> None:
    names = ["Alpha", "Beta", "Gamma", "Delta", "Epsilon"]
    assert [PALETTE[hue] for hue in assign_hues(names)] == assign_colours(names)
    assert len(set(assign_hues(names))) == len(set(SHAPES)) == len(SHAPES) == MOST == 5


def test_every_strip_is_told_to_those_who_cannot_see_it(site: TestClient) -> None:
    page = unescape(site.get("/compare" + ask(*ALL[:2])).text)
    row = site.get("/compare.json" + ask(*ALL[:2])).json()[1]
    told = f"{row['title']}: Scholar Search 2 {row[ALL[0]]:.3f}; {SYSTEMS[1][0]} {row[ALL[1]]:.3f}"
    assert f'role="img" aria-label="{told}"' in page
