"""Grammar of trajectories: what is read, and which fault is named at which character."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submissions.trajectories import (
    TAG_SETS,
    ChatTurn,
    TextBlock,
    Trajectory,
    find_loss_spans,
    get_tag_set,
    parse_trajectory,
)
from tests.support.paths import SHARED_DATA

QUESTION = ChatTurn("user", "Who wrote it?")
SEPARATE = (
    "<think>I look it up.</think>\n<search> author of it </search>\n\n"
    "<information>Doc 1(Title: It) It is by King.\nDoc 2(Title: Other) See Doc 1(Title: x).\n</information>\n\n"
    "<think>Found.</think>\n<answer> Stephen King </answer>"
)
NESTED = (
    "I look it up.\n<|begin_of_query|> author of it<|end_of_query|>\n\n"
    "<|begin_of_documents|>\n(1)It   It is by King.\n(2)Other   See (1)\n<|end_of_documents|>\n\nFound.</think>\n"
    "<answer> Stephen King </answer>"
)


def parse(text: str, tags: str = "search-r1") -> Trajectory:
    return parse_trajectory([QUESTION, ChatTurn("assistant", text)], get_tag_set(tags))


def texts(blocks: tuple[TextBlock, ...]) -> list[str]:
    return [block.text for block in blocks]


@pytest.mark.parametrize(
    ("text", "tags"), [(SEPARATE, "search-r1"), (NESTED, "r1-searcher"), ("<think>" + NESTED, "r1-searcher")]
)
def test_a_whole_trajectory_is_read_with_its_offsets(text: str, tags: str) -> None:
    read = parse(text, tags)
    assert read.fault is None
    assert read.tag_set == tags
    assert [thought.strip() for thought in texts(read.thoughts)] == ["I look it up.", "Found."]
    assert texts(read.queries) == ["author of it"]
    assert len(read.passages) == 2
    assert read.passages[0].text.endswith("It is by King.")
    assert read.answer is not None
    assert read.answer.text == " Stephen King "
    for block in (*read.thoughts, *read.queries, *read.passages, read.answer):
        assert (block.turn, block.text) == (1, text[block.start : block.end])


def test_infoseek_has_one_query_a_line_and_passages_by_query() -> None:
    read = parse(
        "<think>a</think><search>\n1. first one\n\n2) second\n</search>"
        "<information>[Current Query]: first one\n\n x [SNIPPET]\n"
        "[Current Query]: second\n y</information><think>b</think><answer>z</answer>",
        "infoseek",
    )
    assert read.fault is None
    assert texts(read.queries) == ["first one", "second"]
    assert [text.splitlines()[0] for text in texts(read.passages)] == [
        "[Current Query]: first one",
        "[Current Query]: second",
    ]


def test_passages_may_come_in_messages_of_their_own() -> None:
    tags = get_tag_set("search-r1")
    for role, passages in (
        ("tool", "Doc 1(Title: It) King"),
        ("user", " <information>Doc 1(Title: It) King</information>\n"),
    ):
        turns = [
            ChatTurn("system", "Search."),
            QUESTION,
            ChatTurn("assistant", "<think>a</think><search>b</search>"),
            ChatTurn(role, passages),  # type: ignore[arg-type]
            ChatTurn("assistant", "<think>c</think><answer>d</answer>"),
        ]
        read = parse_trajectory(turns, tags)
        assert read.fault is None
        assert [(block.turn, block.text) for block in read.passages] == [(3, "Doc 1(Title: It) King")]
        assert [block.turn for block in read.thoughts] == [2, 4]


def test_a_nested_thought_goes_on_over_messages() -> None:
    turns = [
        QUESTION,
        ChatTurn("assistant", "a<|begin_of_query|>b<|end_of_query|>"),
        ChatTurn("tool", "(1)x"),
        ChatTurn("assistant", "c</think><answer>d</answer>"),
    ]
    read = parse_trajectory(turns, get_tag_set("r1-searcher"))
    assert read.fault is None
    assert [(block.turn, block.text) for block in read.thoughts] == [(1, "a"), (3, "c")]


T, S, P, A = "<think>t</think>", "<search>s</search>", "<information>i</information>", "<answer>a</answer>"


@pytest.mark.parametrize(
    ("text", "kind", "marked"),
    [
        ("", "missing", ""),
        ("no tags", "stray_text", "no tags"),
        (T, "missing", ""),
        (T + S, "missing", ""),
        (T + S + P, "missing", ""),
        (A, "wrong_order", "<answer>"),
        (S + P + T + A, "wrong_order", "<search>"),
        (T + S + P + A, "wrong_order", "<answer>"),
        (T + S + T + A, "wrong_order", "<think>"),
        (T + P + T + A, "wrong_order", "<information>"),
        (T + T + A, "wrong_order", "<think>"),
        (T + "</think>" + A, "unopened", "</think>"),
        (T + "</answer>", "unopened", "</answer>"),
        ("<think>a<search>s</search></think>" + A, "nested", "<search>"),
        ("<think>a<think>b</think></think>" + A, "nested", "<think>b"),
        ("<think>a</search></think>" + A, "nested", "</search>"),
        (T + S + "<information>page with <answer>x</answer></information>" + T + A, "nested", "<answer>x"),
        (T + S + "<information>a<information>b</information></information>" + T + A, "nested", "<information>b"),
        ("<think>t" + A, "nested", "<answer>"),
        ("<think>t", "unclosed", "t"),
        (T + "<answer>a", "unclosed", "a"),
        (T + S + "<information>i", "unclosed", "i"),
        (T + "so " + A, "stray_text", "so "),
        (T + "<search> \n</search>" + P, "empty_block", " \n</search>"),
        (T + "<answer></answer>", "empty_block", "</answer>"),
        (T + A + " thanks", "after_answer", "thanks"),
        (T + A + A, "after_answer", A),
        (T + A + "</answer>", "after_answer", "</answer>"),
    ],
)
def test_the_first_fault_is_named_with_its_character(text: str, kind: str, marked: str) -> None:
    fault = parse(text).fault
    assert fault is not None
    assert (fault.kind, fault.turn) == (kind, 1)
    assert text[fault.offset :].startswith(marked)
    assert str(fault).startswith(f"message 2, character {fault.offset + 1}: ")


@pytest.mark.parametrize(
    ("roles", "turn"),
    [
        ("", 0),
        ("u", 0),
        ("a", 0),
        ("s", 0),
        ("su", 1),
        ("uu", 1),
        ("usa", 1),
        ("ua", None),
        ("sua", None),
        ("uaa", 2),
        ("uau", 2),
        ("uat", 2),
    ],
)
def test_messages_come_in_their_order(roles: str, turn: int | None) -> None:
    names = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
    turns = [ChatTurn(names[role], T + A if role == "a" else "x") for role in roles]  # type: ignore[arg-type]
    fault = parse_trajectory(turns, get_tag_set("search-r1")).fault
    assert (fault and (fault.kind, fault.turn)) == (None if turn is None else ("wrong_turn", turn))


def test_a_fault_keeps_what_was_read_before_it() -> None:
    read = parse(T + S + P + T + "<answer>a")
    assert (len(read.thoughts), texts(read.queries), texts(read.passages), read.answer) == (2, ["s"], ["i"], None)


def test_real_trajectories_keep_to_their_grammar() -> None:
    file = SHARED_DATA / "qa" / "r1_searcher" / "trajectories_sample.jsonl"
    if not file.is_file():
        pytest.skip(f"NO REAL TRAJECTORIES: {file} is absent; set ARENA_SHARED_DATA to parse them")
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    tags = get_tag_set("r1-searcher")
    passages = 0
    for row in rows:
        text = row["trajectory"]
        turns = (ChatTurn("user", row["question"]), ChatTurn("assistant", text))
        read = parse_trajectory(turns, tags)
        assert read.fault is None, row["id"]
        assert read.answer is not None
        assert read.answer.text == row["predicted_answer"]
        assert len(read.queries) == len(read.searches) == text.count("<|begin_of_query|>")
        passages += len(read.passages)
        loss = find_loss_spans(turns, tags)[1]
        learned = "".join(text[start:end] for start, end in loss.spans)
        assert loss.has_end
        assert "of_documents|>" not in learned
        assert re.sub(r"\s*<\|begin_of_documents\|>.*?<\|end_of_documents\|>\s*", "", text, flags=re.DOTALL) == learned
    assert len(rows) == 60
    assert passages == 490  # five for each of 98 searches


@pytest.mark.parametrize("tags", TAG_SETS)
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_any_text_is_read_without_an_error_and_never_twice(tags: str, data: st.DataObject) -> None:
    known = get_tag_set(tags)
    pieces = st.lists(
        st.sampled_from([*known.tags, " ", "\n", "x", "<", known.passage_mark.format(number=1)]), max_size=14
    )
    roles = st.sampled_from(["user", "assistant", "tool", "system"])
    turns = [
        ChatTurn(role, "".join(data.draw(pieces)))  # type: ignore[arg-type]
        for role in ["user", "assistant", *data.draw(st.lists(roles, max_size=3))]
    ]
    read = parse_trajectory(turns, known)
    blocks = [*read.thoughts, *read.queries, *read.passages, *([read.answer] if read.answer else [])]
    for block in blocks:
        assert block.text == turns[block.turn].text[block.start : block.end]
    places = sorted((block.turn, block.start, block.end) for block in blocks)
    assert all(one[0] < two[0] or one[2] <= two[1] for one, two in pairwise(places))
    assert (read.fault is None) == (read.answer is not None and turns[-1].role == "assistant" and read.fault is None)
    for turn, loss in zip(turns, find_loss_spans(turns, known), strict=True):
        assert all(start < end for start, end in loss.spans)
        assert (
            known.passages.open not in "".join(turn.text[start:end] for start, end in loss.spans)
            or turn.role != "assistant"
        )


@pytest.mark.integration
def test_ten_megabytes_are_read_in_linear_time() -> None:
    """A quadratic parser would need hours: the test's time-out is the limit."""
    tags, size = get_tag_set("r1-searcher"), 10_000_000
    pieces = ("<|begin_of_", " ", "\n(1)x(2)")
    attacks = [piece * (size // len(piece)) for piece in pieces]
    for text in (
        *attacks,
        *(f"x{tags.query.open}q{tags.query.close}{tags.passages.open}{attack}" for attack in attacks),
    ):
        turns = [QUESTION, ChatTurn("assistant", text + tags.passages.close)]
        parse_trajectory(turns, tags)
        find_loss_spans(turns, tags)
