"""hash-split@1: fixed, even, and blind to how Unicode is composed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.layout.hash_split import split_side

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
