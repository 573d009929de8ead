"""A headline over a kind's, a category's or a language's tasks: its mean, its interval, its places."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from starlette.testclient import TestClient

from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from leaderboard.data.statistics import MIN_TASKS
from leaderboard.data.task_filter import TaskFilter, mean_of, task_interval
from leaderboard.ranking.board_ranks import rank_board
from submissions.arena.arena import Arena
from submissions.records.result import Result
from submissions.statistics import student_quantile
from tests.support.arena_fixture import ARABIC, SCRIPT, publish, result, store

BOARD = "/board/dataset_research"
TRACK = "dataset_research"


@pytest.mark.parametrize(("freedom", "table"), [(3, 3.18245), (5, 2.57058), (10, 2.22814), (30, 2.04227)])
def test_the_quantiles_are_those_of_the_tables(freedom: int, table: float) -> None:
    assert student_quantile(freedom) == pytest.approx(table, rel=0.005)


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    draws = np.random.default_rng(5).normal(0.4, 0.3, (2000, 6))
    covered = [low <= 0.4 <= high for low, high in (task_interval(list(draw)) or (1, 0) for draw in draws)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_too_few_tasks_or_equal_ones_have_no_interval() -> None:
    assert task_interval([0.1, 0.5, 0.9][: MIN_TASKS - 1]) is None
    assert task_interval([0.0] * 9) is None


def test_one_unscored_task_leaves_no_mean() -> None:
    assert mean_of([0.5, None]).value is None
    assert mean_of([0.5, None]).why == "1 of 2 chosen tasks could not be scored"
    assert mean_of([]).why == "the result has none of the tasks"


def test_a_category_s_headline_is_the_mean_of_its_tasks_gains(arena: Arena, site: TestClient) -> None:
    wanted = {task.id for task in arena.read_tasks() if task.category == "text_classification"}
    rows = site.get(f"{BOARD}.json?category=text_classification&method=few_shot_3").json()
    for row in rows:
        of_tasks = site.get(f"/submissions/{row['submission']}.json").json()
        gains = [one["gain"] for one in of_tasks if one["task"] in wanted and one["method"] == "few_shot_3"]
        assert row["selected"] == pytest.approx(np.mean(gains))
        assert (row["tasks"], row["selected_low"], row["seed_sd"]) == (len(wanted), None, None)
    ranked = [row["selected"] for row in rows if not row["flagged"]]
    assert ranked == sorted(ranked, reverse=True)
    page = site.get(f"{BOARD}?category=text_classification&method=few_shot_3").text
    assert 'id="sort-selected"' in page
    assert 'id="sort-knowledge"' not in page
    assert "Student's t over tasks" in page.replace("&#39;", "'")


def test_a_language_and_a_kind_choose_together(arena: Arena, site: TestClient) -> None:
    wanted = [task for task in arena.read_tasks() if (task.language, task.kind) == ("en", "reasoning")]
    row = site.get(f"{BOARD}.json?language=en&kind=reasoning").json()[0]
    assert row["tasks"] == len(wanted) == 5
    assert row["selected_low"] < row["selected"] < row["selected_high"]
    assert re.search(r'id="sort-selected"[^>]*>Reasoning, en</a>', site.get(f"{BOARD}?language=en&kind=reasoning").text)


def test_a_kind_is_the_headline_and_the_basis_of_places(site: TestClient) -> None:
    rows = site.get(f"{BOARD}.json?kind=reasoning").json()
    whole = {row["system"]: row for row in site.get(f"{BOARD}.json").json()}
    assert [row["system"] for row in rows][:2] == [SCRIPT, ARABIC], "the second has no overall figure, but this one"
    assert (rows[1]["rank_first"], whole[ARABIC]["rank_first"]) == (2, None)
    assert all(row["overall"] == whole[row["system"]]["overall"] for row in rows)
    heads = re.findall(r'id="sort-(\w+)"', site.get(f"{BOARD}?kind=reasoning").text)
    assert next(head for head in heads if head in ("overall", "knowledge", "reasoning")) == "reasoning"
    published = site.get(f"{BOARD}.json?protocol=paper@1&kind=knowledge").json()
    assert published[0]["system"] == "GPT-4o-search"
    assert published[0]["tasks"] == 51


def test_published_figures_leave_a_category_and_the_page_says_so(site: TestClient) -> None:
    query = "?protocol=paper@1&category=text_classification"
    assert site.get(f"{BOARD}.json{query}").json() == []
    assert "does not report them by category or language" in site.get(f"{BOARD}{query}").text


def test_places_rest_on_exactly_the_chosen_tasks(arena: Arena) -> None:
    """Two systems that are equal but for one kind's tasks are told apart there, and share their places elsewhere."""
    kinds = {task.id: task.kind for task in arena.read_tasks()}
    for number, name, more in ((30, "Better", 0.4), (31, "Worse", 0.0)):
        made = store(arena, number, name, "Team Six", "search")
        plain = result(made, 0.9).model_dump(mode="json")
        for place, task in enumerate(plain["tasks"]):
            for method in task["methods"]:
                value = 0.3 + place / 100 + more * (kinds[task["task"]] == "reasoning")
                method["gain"] |= {"value": value, "interval": None}
        publish(arena, made, Result.model_validate_json(json.dumps(plain)))
    snapshot = SnapshotReader(arena).snapshot()
    ids = {made.system: ulid for ulid, made in snapshot.submissions.items()}
    parted, equal = (rank_board(snapshot, TRACK, "demo@1", "fine_tune", "full", TaskFilter(kind=kind)) for kind in
                     ("reasoning", "knowledge"))  # fmt: skip
    better, worse = parted[ids["Better"]], parted[ids["Worse"]]
    assert (worse.better, better.better) == (1, 0)
    assert better.worse > worse.worse
    assert equal[ids["Better"]] == equal[ids["Worse"]]
