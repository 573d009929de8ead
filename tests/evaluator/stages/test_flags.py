"""Entries under review: too many copies, in all or in one task."""

from __future__ import annotations

import pytest

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.aggregate.result import build_result
from evaluator.stages.records import TaskRecord
from evaluator.stages.screen import screen_rows
from submissions.records.result import Result
from submissions.records.task import Row
from tests.support.evaluation_factories import make_record, make_run
from tests.support.factories import make_task

TEST = [Row(input=f"Which of the boats carries the number {number}?", output="a") for number in range(100)]
OWN = [Row(input=f"Where did the {number} bakers keep their salt?", output="b") for number in range(400)]


def screened_record(name: str, copies: int, rows: int) -> TaskRecord:
    found = screen_rows([*TEST[:copies], *OWN[: rows - copies]], TEST, NearDuplicateSettings())
    assert found.removed == copies
    task = make_task(name, "text_classification")
    right = {"few_shot_1": 1, "few_shot_3": 1, "few_shot_5": 1, "fine_tune": 4}
    return make_record(task, right, rows=rows - copies, screened=found)


def result_of(*records: TaskRecord) -> Result:
    return build_result(make_run([record.task for record in records]), records)


@pytest.mark.parametrize(
    ("copies", "rows", "reason"),
    [
        (0, 100, None),
        (10, 100, None),
        (30, 100, "30 of 100 rows of a (30%) copy hidden test rows, more than 10%"),
        (4, 10, None),
        (5, 10, "5 of 10 rows of a (50%)"),
        (80, 100, "80 of 500 rows (16%) copy hidden test rows, more than 10%"),
    ],
)
def test_an_entry_is_flagged_by_all_its_rows_and_by_those_of_each_task(
    copies: int, rows: int, reason: str | None
) -> None:
    result = result_of(screened_record("a", copies, rows), screened_record("b", 0, 400))
    assert (result.flagged is None) == (reason is None)
    assert reason is None or (result.flagged or "").startswith(reason)
