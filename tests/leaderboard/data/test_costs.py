"""What an evaluation cost, in tables."""

from __future__ import annotations

import pytest

from leaderboard.data.tables.costs import cost_table, stage_table
from submissions.records.ledger import Cost, Ledger

COSTS = (
    Cost(task="a", stage="few_shot", seconds=90, tokens_generated=7, peak_bytes=5),
    Cost(task="b", stage="few_shot", seconds=30, tokens_generated=5),
    Cost(task="a", stage="fine_tune", seconds=3480, tokens_trained=1000, tokens_generated=2, peak_bytes=9),
)
LEDGER = Ledger(submission="0" * 26, protocol="demo@1", profile="8xh100", devices=8, hour_price=2.5, costs=COSTS)


def test_each_task_and_stage_has_a_row_in_the_order_of_the_work() -> None:
    rows = cost_table(LEDGER).rows
    assert [(row["task"], row["stage"], row["tasks"]) for row in rows] == [
        ("a", "few_shot", 1),
        ("b", "few_shot", 1),
        ("a", "fine_tune", 1),
    ]
    assert [row["peak_bytes"] for row in rows] == [5, None, 9]
    assert rows[0]["device_hours"] == pytest.approx(90 * 8 / 3600)


def test_the_stages_are_summed_and_memory_is_the_most_of_them() -> None:
    few, fine, everything = stage_table(LEDGER).rows
    assert (few["stage"], few["task"], few["tasks"], few["seconds"]) == ("few_shot", None, 2, 120)
    assert (few["tokens_generated"], few["peak_bytes"]) == (12, 5)
    assert (fine["tokens_trained"], fine["tasks"]) == (1000, 1)
    assert (everything["stage"], everything["seconds"], everything["peak_bytes"]) == (None, 3600, 9)
    assert (everything["device_hours"], everything["price"]) == (pytest.approx(8), pytest.approx(20))


def test_no_price_is_none_and_no_work_is_no_row() -> None:
    free = LEDGER.model_copy(update={"hour_price": None})
    assert stage_table(free).rows[-1]["price"] is None
    assert stage_table(LEDGER.model_copy(update={"costs": ()})).rows == []
