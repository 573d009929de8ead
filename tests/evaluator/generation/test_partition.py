from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evaluator.generation.partition import partition_prompts

PROMPTS = st.lists(st.lists(st.integers(0, 3), max_size=12), max_size=40)
ENGINES = st.integers(1, 8)


@given(PROMPTS, ENGINES)
def test_every_prompt_is_asked_once_and_common_beginnings_stay_together(prompts: list[list[int]], engines: int) -> None:
    cut = partition_prompts(prompts, engines)
    asked = [index for share in cut for index in share]
    assert len(cut) == engines
    assert sorted(asked) == list(range(len(prompts)))
    assert [prompts[index] for index in asked] == sorted(prompts)


@given(PROMPTS, ENGINES)
def test_no_engine_has_more_than_an_equal_part_and_one_prompt(prompts: list[list[int]], engines: int) -> None:
    def tokens(share: list[int]) -> int:
        return sum(len(prompts[index]) or 1 for index in share)

    cut = partition_prompts(prompts, engines)
    longest = max((len(prompt) or 1 for prompt in prompts), default=0)
    whole = tokens(list(range(len(prompts))))
    assert all(tokens(share) <= whole / engines + longest for share in cut)


def test_equal_prompts_are_dealt_out_evenly() -> None:
    assert [len(share) for share in partition_prompts([[1, 2]] * 12, 4)] == [3, 3, 3, 3]
