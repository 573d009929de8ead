"""Text that carries the loss: everything that the assistant writes, nothing that was retrieved."""

from __future__ import annotations

import pytest

from submissions.trajectories import TAG_SETS, ChatTurn, escape_tags, find_loss_spans, get_tag_set, scan_tags

T, A = "<think>t</think>", "<answer>a</answer>"


def learned(text: str, tags: str = "search-r1") -> tuple[list[str], bool]:
    (loss,) = find_loss_spans([ChatTurn("assistant", text)], get_tag_set(tags))
    return [text[start:end] for start, end in loss.spans], loss.has_end


@pytest.mark.parametrize(
    ("text", "spans", "has_end"),
    [
        (T + A, [T + A], True),
        ("", [], True),
        (f"{T}<search>s</search>\n\n<information>p</information>\n\n{T}{A}", [f"{T}<search>s</search>", T + A], True),
        ("<information>p</information>a<information>q</information> b", ["a", "b"], True),
        ("a<information>p</information> \n <information>q</information>b", ["a", "b"], True),
        ("a<information>p<information>q</information>r</information>b", ["a", "b"], True),
        ("a<information>p<answer>x</answer></information>b", ["a", "b"], True),
        ("a <information>p never ends", ["a"], False),
        ("a<information>p</information>\n", ["a"], False),
        ("a<search>s</search> p</information>b", ["a<search>s</search>", "b"], True),
        ("a p</information>b", ["b"], True),
        ("a<information>p</information>q</information>b", ["a", "b"], True),
        ("a<information>p</search>q</information>b", ["a", "b"], True),
        ("a<Information>p</Information>b", ["a<Information>p</Information>b"], True),
        ("\n a \n", ["\n a \n"], True),
    ],
)
def test_golden_spans(text: str, spans: list[str], has_end: bool) -> None:
    assert learned(text) == (spans, has_end)


def test_every_tag_set_leaves_out_its_own_passages() -> None:
    assert learned("a <|begin_of_documents|>\np<|end_of_documents|> b", "r1-searcher") == (["a", "b"], True)
    assert learned("a <|begin_of_documents|>\np<|end_of_documents|> b", "infoseek")[0][0].startswith("a <|begin")
    assert learned("a <information>\np</information> b", "infoseek") == (["a", "b"], True)


def test_only_the_assistant_is_learned() -> None:
    turns = [ChatTurn(role, "x") for role in ("system", "user", "assistant", "tool", "assistant")]  # type: ignore[arg-type]
    found = find_loss_spans(turns, get_tag_set("search-r1"))
    assert [(loss.spans, loss.has_end) for loss in found] == [
        ((), False),
        ((), False),
        (((0, 1),), True),
        ((), False),
        (((0, 1),), True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<answer>Paris</answer>",
        "< / Answer >",
        "<|im_end|>",
        "<|begin_of_query|>",
        "<THINK>",
        "<\n/information>",
        "a <|eot_id|> b",
    ],
)
def test_text_that_looks_like_a_tag_is_escaped(text: str) -> None:
    escaped = escape_tags(text)
    assert escaped == text.replace("<", "&lt;")
    assert escape_tags(escaped) == escaped
    for tags in TAG_SETS.values():
        assert list(scan_tags(escape_tags(f"<{text}"), tags)) == []


@pytest.mark.parametrize("text", ["a < b", "x<y", "<b>bold</b>", "<thinker>", "<answers>", "1 <2", "->", "&lt;answer>"])
def test_other_text_is_left_alone(text: str) -> None:
    assert escape_tags(text) == text
