"""Trivial baselines on the task's page, the result's page and as a row of the board."""

from __future__ import annotations

from html import unescape

import pytest
from starlette.testclient import TestClient

from submissions.arena.arena import Arena
from submissions.records.base import Score
from submissions.records.result import Result, TrivialScore
from tests.support.arena_fixture import TASKS, publish, result, store

pytestmark = pytest.mark.integration
FIRST = str(TASKS[0][0])


def with_baselines(found: Result) -> Result:
    """The result with two baselines on each task, the better with a gain of 0.5."""
    trivial = tuple(
        TrivialScore(
            score=Score(name=name, value=value, n=10, interval=(value - 0.1, value + 0.1)),
            gain=Score(name="gain", value=(value - 0.2) / 0.5, n=10),
        )
        for name, value in (("copy of the input", 0.3), ("constant answer", 0.45))
    )
    return found.model_copy(
        update={"tasks": tuple(task.model_copy(update={"trivial": trivial}) for task in found.tasks)}
    )


@pytest.fixture
def ulid(arena: Arena) -> str:
    made = store(arena, 50, "Weak Finder", "A Lab", "search")
    publish(arena, made, with_baselines(result(made, 0.1)))
    return made.id


def test_a_board_has_a_row_for_the_best_baselines(ulid: str, site: TestClient) -> None:
    rows = site.get("/board/dataset_research.json").json()
    (row,) = (row for row in rows if row["system"] == "Best trivial baseline")
    assert (row["overall"], row["knowledge"], row["rank_first"]) == (pytest.approx(0.5), pytest.approx(0.5), None)
    assert row["tasks"] == len(TASKS)
    assert ulid in {row["submission"] for row in rows}
    assert "Best trivial baseline" in site.get("/board/dataset_research").text
    assert site.get("/board/dataset_research?pin=trivial-baseline").status_code == 200


def test_the_board_marks_entries_that_are_not_above(ulid: str, arena: Arena, site: TestClient) -> None:
    strong = store(arena, 51, "Strong Finder", "A Lab", "search")
    publish(arena, strong, with_baselines(result(strong, 0.9)))
    rows = {row["submission"]: row for row in site.get("/board/dataset_research.json").json()}
    assert rows[ulid]["overall"] < 0.5 < rows[strong.id]["overall"]
    assert (rows[ulid]["above_trivial"], rows[strong.id]["above_trivial"]) == (False, True)
    assert "above_trivial" in site.get("/board/dataset_research.csv").text.partition("\n")[0]
    page = site.get("/board/dataset_research").text
    marked = page.count(">not above trivial</small>")
    assert marked == sum(row["above_trivial"] is False for row in rows.values())
    cell = page.partition(f'href="/submissions/{ulid}?')[2].partition("</th>")[0]
    assert ">not above trivial</small>" in cell
    assert (
        ">not above trivial</small>" not in page.partition(f'href="/submissions/{strong.id}?')[2].partition("</th>")[0]
    )
    assert "<b>Not above trivial</b>: the mean" in page


def test_a_task_s_page_lists_them_and_marks_entries_that_are_not_above(ulid: str, site: TestClient) -> None:
    page = unescape(site.get(f"/tasks/{FIRST}").text)
    table = page.partition('id="trivial"')[2].partition("</table>")[0]
    assert table.index("constant answer") < table.index("copy of the input")
    assert "0.450" in table
    assert "not above constant answer" in page
    assert "not above constant answer (0.450)" in unescape(site.get(f"/submissions/{ulid}").text)


def test_without_any_there_is_no_row(site: TestClient) -> None:
    assert "Best trivial baseline" not in site.get("/board/dataset_research").text
    assert "not above trivial" not in site.get("/board/dataset_research").text
    assert {row["above_trivial"] for row in site.get("/board/dataset_research.json").json()} == {None}
    assert 'id="trivial"' not in site.get(f"/tasks/{FIRST}").text
