"""The published frame is the template's own: the text that it makes of a row has the row's training tokens."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from evaluator.config.protocol import PROTOCOLS
from evaluator.models import tiny_llama
from evaluator.models.chat_template import SPECIAL_TOKENS, ChatTemplate, load_template
from evaluator.planning.prompt_frame import build_frame
from evaluator.tracks.protocols import load_protocol
from submissions.records.prompt_frame import PromptFrame

NAMES = sorted(file.stem for file in PROTOCOLS.glob("*.toml"))
TOKENIZER = Tokenizer.from_file(str(tiny_llama.TOKENIZER))
"""Reads control tokens in text as such, which a template never does with a row."""
DEMANDS = ("I need data about banks.", "Tôi cần dữ liệu.", "数据")
ROWS = (
    ("Two?", "2"),
    ("", ""),
    ("\n  What now?\n", " A space before, a line after.\n"),
    ("câu hỏi 数据 بث 🧙‍♀️", "ข่าว"),
    ("the input", "the output"),
)


@cache
def template_of(name: str) -> ChatTemplate:
    return load_template(load_protocol(name).template, tiny_llama.TOKENIZER.parent)


@cache
def framed(name: str) -> PromptFrame:
    return build_frame(load_protocol(name), template_of(name), DEMANDS)


def agrees(name: str, question: str, answer: str) -> None:
    frame = framed(name)
    text = frame.before + question + frame.between + answer + frame.after
    ids = TOKENIZER.encode(text, add_special_tokens=False).ids
    assert ids == template_of(name).build_example(question, answer, frame.max_tokens).input_ids


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("question", "answer"), ROWS)
def test_a_framed_row_has_the_tokens_that_are_trained(name: str, question: str, answer: str) -> None:
    agrees(name, question, answer)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_framed_row_has_them(question: str, answer: str) -> None:
    """But an answer that begins with a new line, whose own tokens the frame's would swallow in plain text."""
    begins = answer[: len(answer) - len(answer.lstrip())]
    if any(mark in question + answer for mark in SPECIAL_TOKENS) or "\n" in begins or "\r" in begins:
        return
    agrees("demo@1", question, answer)


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_says_the_protocol_s_limits(name: str) -> None:
    frame, sft = framed(name), load_protocol(name).sft
    assert (frame.protocol, frame.max_tokens) == (name, sft.cutoff_tokens)
    assert (frame.epochs, frame.max_rows) == (sft.epochs, sft.max_rows)


def test_bytes_are_counted_per_token_of_the_real_tokenizer() -> None:
    tokens = sum(len(TOKENIZER.encode(demand, add_special_tokens=False).ids) for demand in DEMANDS)
    assert framed("demo@1").bytes_per_token == sum(len(demand.encode()) for demand in DEMANDS) / tokens
