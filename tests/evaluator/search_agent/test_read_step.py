"""Reading of one generated step."""

from __future__ import annotations

from typing import Literal

import pytest

from evaluator.generation import GeneratedStep
from evaluator.search_agent.agent_prompt import fill_agent_prompt, load_agent_prompt
from evaluator.search_agent.read_step import StepReading, read_step
from submissions.trajectories import TAG_SETS, get_tag_set, scan_tags


def read(text: str, end: Literal["stop_string", "end_of_turn", "length"], tags: str = "search-r1") -> StepReading:
    return read_step(GeneratedStep(ids=(1,), text=text, end=end), get_tag_set(tags))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>t</think><search> who? </search>", StepReading(("who?",))),
        ("<search>a <search>b</search>", StepReading(("b",))),
        ("<search>two\nlines</search>", StepReading(("two\nlines",))),
        ("<search> </search>", StepReading(end="bad_format")),
        ("who?</search>", StepReading(end="bad_format")),
        ("<answer> x </answer>", StepReading(answer="x", end="answered")),
        ("<think>in <answer> tags</think><answer>x</answer>", StepReading(answer="x", end="answered")),
        ("<answer>\n</answer>", StepReading(answer=None, end="no_answer")),
        ("x</answer>", StepReading(end="bad_format")),
        ("<search>x</answer>", StepReading(end="bad_format")),
        ("<Answer>x</answer>", StepReading(end="bad_format")),
    ],
)
def test_a_step_to_a_stop_string_asks_or_answers(text: str, expected: StepReading) -> None:
    assert read(text, "stop_string") == expected


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("I do not know.", "no_answer"),
        ("<think>no</think>", "no_answer"),
        ("", "no_answer"),
        ("<answer>x", "bad_format"),
        ("<search>x", "bad_format"),
    ],
)
def test_a_turn_that_ends_by_itself_has_no_answer(text: str, end: str) -> None:
    assert read(text, "end_of_turn").end == end


def test_a_step_that_is_too_long_ends_even_with_an_answer_begun() -> None:
    assert read("<answer>x", "length") == StepReading(end="token_limit")


def test_infoseek_asks_several_queries() -> None:
    assert read("<search>\n1. a\n 2. b\n\nc\n</search>", "stop_string", "infoseek").queries == ("a", "b", "c")


@pytest.mark.parametrize("name", TAG_SETS)
def test_a_prompt_names_the_tags_of_its_set_and_no_others(name: str) -> None:
    tags = get_tag_set(name)
    prompt = load_agent_prompt(f"{name}@1")
    text = fill_agent_prompt(prompt, " Who {{question}} <answer>? ")
    instructions, _, question = text.rpartition("Question:\n")
    assert question == "Who {{question}} <answer>?"
    assert {instructions[mark.start : mark.end] for mark in scan_tags(instructions, tags)} == set(tags.tags)
    foreign = [tag for other in TAG_SETS.values() for tag in other.tags if tag not in tags.tags]
    assert not [tag for tag in foreign if tag in instructions]
