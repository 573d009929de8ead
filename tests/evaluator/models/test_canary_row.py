from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evaluator.training.rank.canary_row import choose_canary_row


def a_row(prompt: int, target: int, start: int = 0) -> dict[str, list[int]]:
    ids = list(range(start, start + prompt + target))
    return {"input_ids": ids, "labels": [-100] * prompt + ids[prompt:]}


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), min_size=1, max_size=6))
def test_the_canary_is_the_first_row_with_most_targets_cut_to_256_tokens(shapes: list[tuple[int, int]]) -> None:
    rows = [a_row(prompt, target, start=1000 * number) for number, (prompt, target) in enumerate(shapes)]
    row, start = choose_canary_row(rows)
    number = row["input_ids"][0] // 1000
    prompt, target = shapes[number]
    most = max(target for _, target in shapes)
    assert [target for _, target in shapes].index(most) == number
    assert len(row["input_ids"]) == len(row["labels"]) <= 256
    assert row["input_ids"][start] == 1000 * number + prompt, "the first target"
    assert start == min(prompt, 128)
    assert row["labels"][start:] == row["input_ids"][start:]
    assert len(row["labels"]) - start == min(target, 128)


def test_the_targets_of_a_canary_follow_each_other() -> None:
    row = {"input_ids": [1, 2, 3, 4, 5, 6], "labels": [1, -100, 3, 4, -100, 6]}
    assert choose_canary_row([row]) == ({"input_ids": [1, 2, 3, 4], "labels": [1, -100, 3, 4]}, 2)
