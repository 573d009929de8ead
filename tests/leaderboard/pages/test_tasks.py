"""The explorer's search, order and chart; a task's distribution, leaders and corner cases."""

from __future__ import annotations

import re
from html import unescape
from math import ceil

import pytest
from starlette.testclient import TestClient

from leaderboard.board import pagination as window
from leaderboard.pages.task import overview as standing
from submissions.arena.arena import Arena, commit_with_retry, result_path
from submissions.records.result import Result
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.arena_fixture import EMOJI, SYSTEMS, TASKS
from tests.support.site_client import Open
from tests.support.varied_systems import add, unsure

pytestmark = pytest.mark.integration

TASK = TASKS[0][0]
NEVER = TASKS[-1][0]
"""A task for which nobody delivered anything."""


def dots(page: str) -> list[tuple[str, str]]:
    """Address and title of every dot."""
    return re.findall(r'<a href="([^"]*)" tabindex="-1"><title>(.*?)</title>', unescape(page))


def test_search_looks_for_every_word_in_title_and_demand(site: TestClient) -> None:
    def found(words: str) -> list[str]:
        return [row["id"] for row in site.get("/tasks.json", params={"q": words}).json()]

    assert found("SCIENCE questions") == ["mc-en-science"]
    assert found("مترجم") == []
    assert found("सं") == []
    assert found("विधि") == ["mc-hi-law"]
    assert found("lịch SỬ") == found("Li\u0323ch sử") == ["qa-vi-history"]
    assert len(found("data set")) == len(TASKS)
    assert found('"><script>alert(1)</script>') == []
    page = site.get("/tasks", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert "No task matches these filters" in page


def test_filters_search_and_order_go_together_in_page_and_twins(site: TestClient) -> None:
    query = "?q=data&kind=knowledge&sort=-title"
    rows = site.get(f"/tasks.json{query}").json()
    assert [row["id"] for row in rows] == ["mc-en-science", "qa-vi-history"]
    page = site.get(f"/tasks{query}").text
    assert re.findall(r'<th scope="row" class="system"><a href="/tasks/([^"]*)"', page) == [row["id"] for row in rows]
    assert f'href="/tasks.csv{query.replace("&", "&amp;")}"' in page
    assert '<th scope="col" aria-sort="descending"><a id="sort-title" href="/tasks?' in page
    assert "sort=title" in re.findall(r'id="sort-title" href="([^"]*)"', page)[0]
    assert '<input type="hidden" name="sort" value="-title">' in page
    missing = site.get("/tasks?sort=colour")
    assert missing.status_code == 404
    assert "there are: id, title" in unescape(missing.text)
    assert site.get("/tasks?protocol=none").status_code == 404


def test_rows_that_lack_a_number_come_last(arena: Arena, site: TestClient) -> None:
    for sort in ("gained", "-gained"):
        assert arena.read_tasks()
        rows = site.get(f"/tasks.json?sort={sort}").json()
        counts = [row["gained"] for row in rows]
        assert counts == sorted(counts, reverse=sort.startswith("-"))


def test_the_chart_has_a_dot_for_each_row_with_the_table_s_numbers(site: TestClient) -> None:
    for query in ("", "?kind=knowledge"):
        rows = site.get(f"/tasks.json{query}").json()
        page = site.get(f"/tasks{query}").text
        assert [address for address, _ in dots(page)] == [f"/tasks/{row['id']}" for row in rows]
        for row, (_, title) in zip(rows, dots(page), strict=True):
            assert f"base {row['base']:.3f}, reference {row['reference']:.3f}" in title
        assert all(site.get(address).status_code == 200 for address, _ in dots(page))
    assert "Base score: without training" in page
    assert "Reference score: trained on the real data" in page


def test_a_category_keeps_its_mark_whatever_is_filtered(site: TestClient) -> None:
    keys = [
        {name: mark for mark, name in re.findall(r"<li><svg[^>]*>(<path[^>]*>)</svg>([^<]*)</li>", page)}
        for page in (site.get("/tasks").text, site.get("/tasks?category=language_translation").text)
    ]
    assert len(keys[0]) == 6 == len(set(keys[0].values()))
    assert keys[1] == {"language translation": keys[0]["language translation"]}


def test_before_any_result_the_list_says_that_it_has_no_scores(visit: Open, arena: Arena) -> None:
    for ulid in arena.submission_ids():
        if arena.published_protocols().get(ulid):
            commit_with_retry(arena.results, [Change(result_path(ulid, "demo@1"), None)])
    site = visit()
    assert all(row["base"] is None and row["corner_case"] is None for row in site.get("/tasks.json").json())
    page = site.get("/tasks").text
    assert "so there is no chart yet" in page
    assert '<svg class="plot"' not in page


def test_gained_counts_the_latest_unflagged_results_alone(arena: Arena, site: TestClient) -> None:
    row = next(row for row in site.get("/tasks.json").json() if row["id"] == TASK)
    newest = [arena.read_result(ulid) for ulid in arena.published_protocols()]
    lows = [
        score.gain.interval[0]
        for whole in newest if whole.flagged is None
        for score in whole.tasks[0].methods if score.method == "fine_tune" and score.gain.interval
    ]  # fmt: skip
    assert (row["systems"], row["gained"]) == (len(SYSTEMS) - 1, sum(low > 0 for low in lows))
    add(arena, "Twice", 0.9)
    add(arena, "Set Apart", 0.9, day=61, flagged="copies")
    one = next(row for row in site.get("/tasks.json").json() if row["id"] == TASK)
    assert (one["systems"], one["gained"]) == (row["systems"] + 1, row["gained"] + 1)
    add(arena, "Twice", 0.9, day=62, unsure_of=[TASK])
    again = next(row for row in site.get("/tasks.json").json() if row["id"] == TASK)
    assert (again["systems"], again["gained"]) == (one["systems"], one["gained"] - 1)


def test_a_task_where_no_system_gains_clearly_is_a_corner_case(arena: Arena, site: TestClient) -> None:
    for ulid in arena.published_protocols():
        whole = arena.read_result(ulid)
        tasks = (whole.tasks[0], unsure(whole.tasks[1]), *whole.tasks[2:])
        changed = to_json(whole.model_copy(update={"tasks": tasks}))
        commit_with_retry(arena.results, [Change(result_path(ulid, "demo@1"), changed)])
    corner = TASKS[1][0]
    rows = {row["id"]: row for row in site.get("/tasks.json").json()}
    assert [name for name, row in rows.items() if row["corner_case"]] == [corner]
    assert (rows[NEVER]["systems"], rows[NEVER]["corner_case"]) == (0, None), "nobody delivered: nothing is known"
    assert site.get("/tasks").text.count("corner case</span>") == 1
    assert "corner case" in next(title for address, title in dots(site.get("/tasks").text) if address.endswith(corner))
    assert "no system gains clearly: the 95% interval" in unescape(site.get(f"/tasks/{corner}").text)
    assert "corner case" not in site.get(f"/tasks/{TASK}").text


def test_under_shares_of_the_reference_nobody_is_said_to_gain(arena: Arena, site: TestClient) -> None:
    whole = add(arena, "Rebuilt", 0.1)
    text = whole.model_dump_json().replace('"name":"gain"', '"name":"ratio"').replace("demo@1", "paper@1")
    commit_with_retry(
        arena.results, [Change(result_path(whole.submission, "paper@1"), to_json(Result.model_validate_json(text)))]
    )
    rows = site.get("/tasks.json?protocol=paper@1").json()
    assert {(row["protocol"], row["systems"], row["gained"], row["corner_case"]) for row in rows} == {
        ("paper@1", None, None, None)
    }
    assert rows[0]["base"] == 0.2


def test_a_task_s_strip_has_each_latest_unflagged_score_and_both_anchors(arena: Arena, site: TestClient) -> None:
    add(arena, SYSTEMS[0][0], 0.2)
    page = site.get(f"/tasks/{TASK}").text
    rows = [row for row in site.get(f"/tasks/{TASK}.json").json() if not row["flagged"]]
    shown = dots(page)
    assert len(shown) == len(rows) == 4 * len(SYSTEMS), "one entry is set apart, one is new"
    assert {address.partition("?")[0].rpartition("/")[2] for address, _ in shown} == {row["submission"] for row in rows}
    assert not any(EMOJI in title for _, title in shown)
    titles = " ".join(title for _, title in shown)
    assert all(f"{row['score']:.3f} ({row['score_low']:.3f} to {row['score_high']:.3f})" in titles for row in rows)
    strip = page.partition('<svg class="plot"')[2].partition("</svg>")[0]
    assert re.findall(r'class="rule-label"[^>]*>([^<]*)<', strip) == ["base", "reference"]
    assert all(f">{name}</text>" in strip for name in ("1 shot", "3 shots", "5 shots", "fine-tune"))


def test_an_older_result_of_a_system_is_in_the_table_and_not_in_the_strip(arena: Arena, site: TestClient) -> None:
    old, new = add(arena, "Twice", 0.9), add(arena, "Twice", 0.3, day=61)
    page = site.get(f"/tasks/{TASK}").text
    addresses = [address for address, _ in dots(page)]
    assert sum(new.submission in address for address in addresses) == 4
    assert not any(old.submission in address for address in addresses)
    assert old.submission in page


def test_a_long_table_begins_with_the_best_of_each_method_and_a_link_brings_more(
    site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "STEP", 2)
    address = f"/tasks/{TASK}"
    every = site.get(f"{address}.json").json()
    for query, most in (("", 2), ("?rows=4", 4), ("?rows=all", len(every))):
        page = site.get(address + query).text
        listed = re.findall(r'<th scope="row" class="system" dir="auto"><a href="/submissions/(\w+)', page)
        assert listed == [
            row["submission"]
            for method in dict.fromkeys(row["method"] for row in every)
            for row in [one for one in every if one["method"] == method][:most]
        ]
        assert (f'href="{address}?rows={most + 2}#demo@1"' in page) is (query != "?rows=all")
    assert site.get(f"{address}?rows=few").status_code == 404


def test_a_crowded_strip_has_every_nth_score_with_both_ends(site: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dots(site.get(f"/tasks/{TASK}").text)
    monkeypatch.setattr(standing, "MAX_DOTS", 3)
    page = site.get(f"/tasks/{TASK}?rows=all").text
    drawn = dots(page)
    assert set(drawn) < set(whole)
    rows = [row for row in site.get(f"/tasks/{TASK}.json").json() if not row["flagged"]]
    every = ceil(sum(row["method"] == "fine_tune" for row in rows) / 3)
    assert f"one score in {every} is drawn" in page
    for method, name in (("few_shot_1", "1 shot"), ("fine_tune", "fine-tune")):
        ends = sorted(row["score"] for row in rows if row["method"] == method)
        lane = [title for _, title in drawn if f", {name}: " in title]
        for end in (ends[0], ends[-1]):
            assert any(f", {name}: {end:.3f}" in title for title in lane)


def test_leaders_are_the_best_by_fine_tune_with_their_intervals(arena: Arena, site: TestClient) -> None:
    add(arena, "Beyond", 1.3)
    page = site.get(f"/tasks/{TASK}").text
    rows = [
        row for row in site.get(f"/tasks/{TASK}.json").json() if row["method"] == "fine_tune" and not row["flagged"]
    ]
    best = sorted(rows, key=lambda row: -row["gain"])[:5]
    part = page.partition('<ul class="leaders">')[2].partition("</ul>")[0]
    assert re.findall(r"/submissions/(\w+)", part) == [row["submission"] for row in best]
    assert best[0]["system"] == "Beyond"
    assert f"{best[0]['gain_low']:.3f} to {best[0]['gain_high']:.3f}" in part
    reach = sum(row["gain_high"] >= best[0]["gain_low"] for row in best[1:])
    assert ("so this order may be chance" in page) is (reach > 0)
    assert 'class="leaders"' not in site.get(f"/tasks/{NEVER}").text
