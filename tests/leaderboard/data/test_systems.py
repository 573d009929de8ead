"""A system's address, which result stands for it, and what its page says of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from html import unescape
from typing import get_args

import pytest
from scipy.stats import t
from starlette.testclient import TestClient

from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from leaderboard.data.statistics import student_interval
from leaderboard.data.systems import index_systems, slug_of
from leaderboard.data.tables.attempts import OUTCOME_BY_STATE
from submissions.arena.arena import Arena, commit_with_retry, result_path, to_json
from submissions.records.status import History, State, Status
from submissions.records.submission import Submission
from submissions.statistics import student_quantile
from submissions.storage.repo import Change
from tests.support.arena_fixture import (
    ARABIC,
    EMOJI,
    LONG,
    OVERRIDE,
    SCRIPT,
    START,
    SYSTEMS,
    TASKS,
    ledger,
    publish,
    result,
    store,
)

pytestmark = pytest.mark.integration

SCHOLAR, LAB, *_ = SYSTEMS[0]
SLUG = slug_of(LAB, SCHOLAR)
PAGE = f"/systems/{SLUG}"


def test_every_system_has_an_address_of_its_own_that_is_plain_ascii(arena: Arena) -> None:
    found = index_systems(SnapshotReader(arena).snapshot())
    sent = {(one.team, one.system) for one in (arena.read_submission(ulid) for ulid in arena.submission_ids())}
    assert len(found) == len(sent) > len(SYSTEMS)
    assert all(re.fullmatch(r"[a-z0-9-]{1,40}-[a-z2-7]{16}", slug) for slug in found)
    names = [("a", "bc"), ("ab", "c"), ("a", "BC"), ("", "abc"), ("a", "بث"), ("a", "数据"), ("a", "!"), ("a", "?")]
    assert len({slug_of(*pair) for pair in names}) == len(names)
    assert slug_of("a", "数据").startswith("system-")
    assert slug_of("Équipe", "Données 2").startswith("donnees-2-")


def test_the_newest_result_stands_for_a_system_unless_it_is_set_apart(arena: Arena, site: TestClient) -> None:
    first = arena.submission_ids()[0]
    better, apart = (store(arena, number, SCHOLAR, LAB, "search") for number in (40, 41))
    publish(arena, better, result(better, 0.9))
    publish(arena, apart, result(apart, 1.4, flagged="looks <copied>"))
    page = site.get(PAGE).text
    assert "3 submissions on this track" in page
    shown = re.search(r"<dt>Result shown</dt><dd><a href=\"/submissions/([^\"?]+)", page)[1]
    assert shown == better.id
    rows = site.get(f"{PAGE}/submissions.json").json()
    assert [row["submission"] for row in rows] == [apart.id, better.id, first]
    assert [row["demo@1_apart"] for row in rows] == ["looks <copied>", None, None]
    assert page.count('class="fault">under review') == 1
    totals = site.get(f"/submissions/{better.id}/totals.json").json()
    overall = next(row["gain"] for row in totals if (row["method"], row["subset"]) == ("fine_tune", "full"))
    assert rows[1]["demo@1"] == overall


def test_a_system_with_nothing_but_an_entry_set_apart_is_shown_and_marked(site: TestClient) -> None:
    team = next(team for system, team, *_ in SYSTEMS if system == EMOJI)
    page = unescape(site.get(f"/systems/{slug_of(team, EMOJI)}").text)
    assert "Under review, not ranked until an organiser has reviewed it: 13 % of its rows copy a <test> row." in page
    assert "<dt>Rank" not in page


def test_a_system_without_a_result_lists_its_submissions(site: TestClient) -> None:
    address = f"/systems/{slug_of('Team Four', 'Broke')}"
    page = site.get(address).text
    assert "No result yet" in page
    assert "The engine stopped. It is tried again." in page
    assert len(site.get(f"{address}/submissions.json").json()) == 1
    for twin in (f"{address}.csv", f"{address}/categories.json"):
        answer = site.get(twin)
        assert answer.status_code == 404
        assert "has no result yet" in answer.text


def test_attempts_are_disclosed_whatever_became_of_them(arena: Arena, site: TestClient) -> None:
    made = [store(arena, 40 + number, "Tried often", "Team Four", "hybrid") for number in range(3)]
    publish(arena, made[0], result(made[0], 0.4))
    for one, state in ((made[1], "withdrawn"), (made[2], "evaluated")):
        commit_with_retry(arena.results, [Change(f"status/{one.id}.json", to_json(ended(one, state)))])
    address = f"/systems/{slug_of('Team Four', 'Tried often')}"
    mine, team = site.get(f"{address}/attempts.json").json()
    assert mine == {
        "of": "system", "submissions": 3, "published": 1, "not_shown": 1, "refused": 0, "withdrawn": 1, "failed": 0,
        "in_line": 0, "unknown": 0,
    }  # fmt: skip
    sent = [ulid for ulid in arena.submission_ids() if arena.read_submission(ulid).team == "Team Four"]
    counted = Counter(OUTCOME_BY_STATE[arena.read_history(ulid).now.state] for ulid in sent)
    assert team == {"of": "team", "submissions": len(sent), "unknown": 0, **counted}
    assert min(counted.values()) >= 1
    assert len(counted) == 6
    section = site.get(address).text.partition('<section id="attempts">')[2].partition("</section>")[0]
    shown = [int(cell) for cell in re.findall(r'<td class="right">(\d+)</td>', section)]
    assert shown == [*list(mine.values())[1:], *list(team.values())[1:]]
    assert set(OUTCOME_BY_STATE) == set(get_args(State))


def ended(made: Submission, state: str) -> History:
    status = Status.model_validate({"state": state, "message": "-", "time": START})
    return History(submission=made.id, entries=(status,))


def test_every_metered_evaluation_has_its_cost(arena: Arena, site: TestClient) -> None:
    made = store(arena, 40, SCHOLAR, LAB, "search")
    whole = result(made, 0.9)
    publish(arena, made, whole)
    spent = ledger(whole)
    rows = site.get(f"{PAGE}/costs.json").json()
    assert [row["submission"] for row in rows] == [made.id, arena.submission_ids()[0]]
    row = rows[0]
    assert (row["protocol"], row["machine"], row["devices"], row["tasks"]) == ("demo@1", "8xh100", 8, 11)
    assert row["device_hours"] == pytest.approx(sum(cost.seconds for cost in spent.costs) * 8 / 3600)
    assert row["price"] == pytest.approx(row["device_hours"] * 2.5)
    assert (row["tokens_trained"], row["tokens_generated"]) == (spent.tokens_trained, spent.tokens_generated)
    section = site.get(PAGE).text.partition('<section id="costs">')[2].partition("</section>")[0]
    assert f"${row['price']:,.2f}" in section
    assert f"{row['tokens_trained']:,}" in section
    unmetered = f"/systems/{slug_of(*next((team, name) for name, team, *_ in SYSTEMS if name == OVERRIDE))}"
    assert '<section id="costs">' not in site.get(unmetered).text
    assert site.get(f"{unmetered}/costs.json").json() == []


def test_the_leader_is_the_best_that_is_not_set_apart(arena: Arena, site: TestClient) -> None:
    made = store(arena, 40, "Copycat", "Team Six", "hybrid")
    publish(arena, made, result(made, 1.4, flagged="looks copied"))
    for row in site.get(f"{PAGE}.json?method=few_shot_5").json():
        others = [
            score
            for score in site.get(f"/tasks/{row['task']}.json").json()
            if score["method"] == "few_shot_5" and score["flagged"] is None
        ]
        if row["task"] == TASKS[-1][0]:
            assert row["leader"] is row["to_leader"] is None, "nobody leads by having delivered nothing"
            continue
        assert row["leader_gain"] == max(score["gain"] for score in others)
        assert row["leader"] != "Copycat"
        assert row["to_leader"] == pytest.approx(row["gain"] - row["leader_gain"])
        assert row["to_reference"] == pytest.approx(row["gain"] - 1)
        assert row["gain"] == next(score["gain"] for score in others if score["system"] == SCHOLAR)


def test_a_leader_leads(site: TestClient) -> None:
    team = next(team for system, team, *_ in SYSTEMS if system == SCRIPT)
    address = f"/systems/{slug_of(team, SCRIPT)}"
    rows = site.get(f"{address}.json").json()
    led = [row for row in rows if row["leader"] == SCRIPT]
    assert len(led) > 6
    assert {row["to_leader"] for row in led} == {0.0}
    assert site.get(address).text.count(">leads</td>") == len(led)


def test_a_category_is_the_mean_over_its_tasks_and_says_of_how_many(site: TestClient) -> None:
    gains = {row["task"]: row["gain"] for row in site.get(f"{PAGE}.json").json()}
    rows = site.get(f"{PAGE}/categories.json").json()
    for row in rows:
        tasks = [task[0] for task in TASKS if task[2] == row["category"]]
        assert row["n"] == len(tasks) == 2
        assert row["gain"] == pytest.approx(sum(gains[task] for task in tasks) / 2)
        assert row["gain_low"] is None
    assert [row["gain"] for row in rows] == sorted((row["gain"] for row in rows), reverse=True)
    page = site.get(PAGE).text
    assert f"Highest in <b>{rows[0]['category'].replace('_', ' ')}</b>" in page
    assert f"lowest in <b>{rows[-1]['category'].replace('_', ' ')}</b>" in page
    assert "fewer than 4 tasks have too few tasks for an interval" in page


def test_an_unscored_task_leaves_its_category_without_a_mean(arena: Arena, site: TestClient) -> None:
    made = store(arena, 40, SCHOLAR, LAB, "search")
    text = result(made, 0.9).model_dump(mode="json")
    text["tasks"][0]["methods"][3]["gain"] |= {"value": None, "interval": None, "why": "it is run again"}
    commit_with_retry(arena.results, [Change(result_path(made.id, "demo@1"), json.dumps(text).encode())])
    row = site.get(f"{PAGE}/categories.json").json()[-1]
    assert (row["category"], row["gain"], row["why"]) == ("multiple_choice", None, "1 of 2 tasks unscored")
    assert "1 of 2 tasks unscored" in site.get(PAGE).text


@pytest.mark.parametrize("freedom", [3, 4, 7, 20, 200])
def test_student_s_quantile_is_scipy_s(freedom: int) -> None:
    assert student_quantile(freedom) == pytest.approx(t.ppf(0.975, freedom), rel=0.005)


def test_an_interval_is_student_s_and_needs_four_tasks() -> None:
    values = [0.1, 0.5, 0.3, 0.9, 0.2]
    low, high = t.interval(0.95, 4, loc=0.4, scale=0.31622777 / 5**0.5)
    assert student_interval(values) == pytest.approx((low, high), abs=0.005)
    assert student_interval(values[:3]) is None


def test_protocols_have_columns_of_their_own(arena: Arena, site: TestClient) -> None:
    first = arena.submission_ids()[0]
    stored = arena.read_result(first)
    text = stored.model_dump_json().replace('"name":"gain"', '"name":"ratio"').replace('"mean_gain"', '"mean_ratio"')
    paper = type(stored).model_validate_json(text).model_copy(update={"protocol": "paper@1"})
    commit_with_retry(arena.results, [Change(result_path(first, "paper@1"), to_json(paper))])
    (row,) = site.get(f"{PAGE}/submissions.json").json()
    assert row["demo@1"] == row["paper@1"]
    page = site.get(f"{PAGE}?protocol=paper@1").text
    assert '<th scope="col" class="right">demo@1</th><th scope="col" class="right">paper@1</th>' in page
    assert f"{100 * row['paper@1']:.2f}" in page
    assert ">Gain</th>" not in page
    assert site.get(f"{PAGE}?protocol=arena@1").status_code == 404


def test_a_system_is_linked_wherever_its_runs_are(arena: Arena, site: TestClient) -> None:
    first = arena.submission_ids()[0]
    for path in ("/board/dataset_research", "/submissions", f"/submissions/{first}", "/tasks/mc-en-science"):
        assert f'href="{PAGE}"' in site.get(path).text, path
    assert "/systems/" not in site.get("/board/dataset_research?protocol=paper@1").text


def test_names_are_shown_as_they_are(site: TestClient) -> None:
    for name in (LONG, ARABIC, SCRIPT):
        team = next(team for system, team, *_ in SYSTEMS if system == name)
        page = site.get(f"/systems/{slug_of(team, name)}").text
        assert f'<h1 dir="auto" class="name">{name}</h1>' in unescape(page)
        assert "<script>alert" not in page
