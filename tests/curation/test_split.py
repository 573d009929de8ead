"""hash-split@1 and @2: fixed, even, blind to how Unicode is composed; passages stay whole in @2."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.layout.hash_split import SINGLE_ROWS, split_rows, split_side
from submissions.records.task import Row

# No lone surrogates: they cannot be stored as UTF-8, so no row has them.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


# Computed with `printf | sha256sum`, not with the code under test.
@pytest.mark.parametrize(
    ("task_id", "text", "side"),
    [
        ("mc-en", "What is 2 + 2?", "test"),
        ("mc-en", "What is 2 + 3?", "train"),
        ("mc-vi", "What is 2 + 2?", "test"),
        ("gen-zh", "星期三", "train"),
        ("a", "", "test"),
    ],
)
def test_sides_are_fixed_for_ever(task_id: str, text: str, side: str) -> None:
    assert split_side(task_id, text) == side


@given(TEXT)
def test_composed_and_decomposed_inputs_stay_together(text: str) -> None:
    sides = {split_side("task", unicodedata.normalize(form, text)) for form in ("NFC", "NFD")} | {
        split_side("task", text)
    }
    assert len(sides) == 1


@given(st.integers(0, 10**6))
def test_halves_are_even_in_every_task(number: int) -> None:
    train = sum(split_side(f"task-{number}", f"row {row}") == "train" for row in range(1000))
    # Six standard deviations of a fair coin.
    assert abs(train - 500) < 95


def test_the_task_matters() -> None:
    assert {split_side(f"task-{number}", "one input") for number in range(20)} == {"train", "test"}


PASSAGES = (
    "The ferry leaves the old harbour at seven in the morning and comes back after dark in winter.",
    "A baker in the next street sells only three kinds of bread, all of them with caraway seeds.",
    "No train has stopped at this station since the bridge was closed for repairs in the spring.",
)


def grouped_rows(named: bool = False) -> list[Row]:
    return [
        Row(input=f"{passage}\nQuestion {number}?", output=f"{number}", group=f"p{place}" if named else "")
        for number in range(8)
        for place, passage in enumerate(PASSAGES)
    ]


@pytest.mark.parametrize("named", [False, True])
def test_rows_of_one_passage_stay_together(named: bool) -> None:
    rows = grouped_rows(named)
    for task in ("a", "b", "c", "d"):
        sides = split_rows(task, rows)
        for place in range(len(PASSAGES)):
            assert len(set(sides[place :: len(PASSAGES)])) == 1
        assert split_rows(task, rows[::-1]) == sides[::-1]
    assert {side for task in "abcd" for side in split_rows(task, rows)} == {"train", "test"}


def test_rows_alone_are_where_the_first_rule_put_them() -> None:
    rows = [Row(input=f"What is {number} + 2?", output=str(number + 2)) for number in range(60)]
    first = split_rows("mc-en", rows, SINGLE_ROWS)
    assert split_rows("mc-en", rows) == first == [split_side("mc-en", row.input) for row in rows]
    assert split_rows("mc-en", grouped_rows(), SINGLE_ROWS) != split_rows("mc-en", grouped_rows())
