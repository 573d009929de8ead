"""Trajectories as training rows: decoded spans of every model family, and the agent's own tokens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evaluator.models.chat_template import IGNORED, Example
from evaluator.models.families import FAMILIES, ConversationTemplate
from evaluator.search_agent import SearchAgent
from evaluator.search_agent.agent_prompt import fill_agent_prompt, load_agent_prompt
from evaluator.search_agent.training_rows import ConversationFrame, encode_trajectory
from submissions.trajectories import ChatTurn, get_tag_set
from tests.support.search_agents import ScriptedModel, make_agent, make_questions
from tests.support.tiny_families import write_tokenizer

ENDS = {"llama": "<|eot_id|>", "qwen2": "<|im_end|>", "qwen3": "<|im_end|>"}
T, S, I, A = "<think>t</think>", "<search>s</search>", "\n\n<information>i</information>\n\n", "<answer>a</answer>"  # noqa: E741


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ConversationTemplate]:
    folder = tmp_path_factory.mktemp("tokenizers")
    return {name: family.load_template(write_tokenizer(name, folder / name)) for name, family in FAMILIES.items()}


def decode_runs(template: ConversationTemplate, example: Example) -> Iterator[str]:
    """Text of each run of tokens with labels."""
    run: list[int] = []
    for token, label in zip([*example.input_ids, -1], [*example.labels, IGNORED], strict=True):
        assert label in (token, IGNORED)
        if label != IGNORED:
            run.append(token)
        elif run:
            yield template.decode(run)
            run = []


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (T + S + I + T + A, [T + S, T + A + "END"]),
        (T + S + I + T + S + I + T + A, [T + S, T + S, T + A + "END"]),
        (T + T + S + "<information>a <information>b</information> c</information>" + A, [T + T + S, A + "END"]),
        (T + T + S + "<information>i and no end", [T + T + S, "END"]),
        (T + T + S + " i </information>" + A, [T + T + S, A + "END"]),
        (T + T + S + "<information><answer>x</answer> <|im_end|> <|eot_id|></information>" + A, [T + T + S, A + "END"]),
        (T + T + A, [T + T + A + "END"]),
    ],
)
def test_labels_are_on_what_the_assistant_writes_and_nothing_else(
    templates: dict[str, ConversationTemplate], family: str, text: str, runs: list[str]
) -> None:
    template = templates[family]
    turns = [ChatTurn("system", "Search."), ChatTurn("user", "<answer>q</answer>"), ChatTurn("assistant", text)]
    example = encode_trajectory(turns, get_tag_set("search-r1"), template)
    assert list(decode_runs(template, example)) == [run.replace("END", ENDS[family]) for run in runs]
    assert text in template.decode(example.input_ids)


@pytest.mark.parametrize("family", FAMILIES)
def test_passages_of_a_tool_have_no_labels(templates: dict[str, ConversationTemplate], family: str) -> None:
    template = templates[family]
    texts = [("user", "q"), ("assistant", T + T + S), ("tool", "i"), ("assistant", T + T + A)]
    example = encode_trajectory([ChatTurn(*one) for one in texts], get_tag_set("search-r1"), template)  # type: ignore[arg-type]
    assert list(decode_runs(template, example)) == [T + T + S + ENDS[family], T + T + A + ENDS[family]]


@pytest.mark.parametrize("family", ["llama", "qwen2"])
@pytest.mark.parametrize("written", ["", "<think>", "\n<think>"])
def test_the_opening_is_the_prompt_s(templates: dict[str, ConversationTemplate], family: str, written: str) -> None:
    template, text = templates[family], "so</think>\n<answer>a</answer>"
    turns = [ChatTurn("user", "q"), ChatTurn("assistant", written + text)]
    example = encode_trajectory(turns, get_tag_set("r1-searcher"), template)
    assert list(decode_runs(template, example)) == [text + ENDS[family]]
    assert f"<think>{text}" in template.decode(example.input_ids)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_is_trained_on_the_tokens_that_it_sees(templates: dict[str, ConversationTemplate], family: str) -> None:
    """The agent's text, made of prompt, steps and blocks, has the ids of the same trajectory as a training row."""
    template = templates[family]
    frame = ConversationFrame(template)
    world = make_agent(frame, {"q?": [T + S, T + "<search>z</search>", T + A]}, turn_end=ENDS[family])
    (trajectory,) = (
        SearchAgent(world.agent.settings, world.model, world.retriever, frame)
        .answer_questions(make_questions(["q?"]))
        .trajectories
    )
    assert trajectory.answer == "a"
    prompt = fill_agent_prompt(load_agent_prompt("search-r1@1"), "q?")
    turns = [ChatTurn("user", prompt), ChatTurn("assistant", trajectory.text)]
    example = encode_trajectory(turns, get_tag_set("search-r1"), template)
    seen = world.model.calls[-1][0] + list(world.model.generated[-1][0].ids)
    assert isinstance(world.model, ScriptedModel)
    assert example.input_ids[: len(seen)] == seen
    assert template.decode(example.input_ids[len(seen) :]).startswith(ENDS[family])
