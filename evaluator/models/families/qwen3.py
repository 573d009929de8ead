"""Qwen3: ChatML with thinking blocks, norms on queries and keys, heads of a width of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from evaluator.models.families import chatml
from evaluator.models.families.family import ModelFamily
from evaluator.models.families.messages import ChatMessage, Segment, Span, cut_segments
from evaluator.models.families.tiny_models import build_qwen

THINK, THINK_END = "<think>", "</think>"
TEXT_TOKENS = (*chatml.TEXT_TOKENS, chatml.TOOL_START, chatml.TOOL_END, THINK, THINK_END)


@dataclass(frozen=True)
class Qwen3Frame:
    """Frame of the Qwen3 models that think or answer at once (April 2025).

    Thoughts after the last question stay, those before it are dropped. One difference from the published template is
    intended: a message with several thinking blocks stays as it is, where the template drops everything from the first
    to the last of them, searches and their results included.
    """

    is_thinking: bool = True
    """False puts an empty thinking block into the prompt, so that the model answers at once."""

    def render_messages(self, messages: Sequence[ChatMessage], *, has_prompt: bool) -> Iterator[Segment]:
        question = _last_question(messages)
        for group in chatml.iter_groups(messages):
            number, first = group[0]
            if first.role == "tool":
                yield from chatml.frame_tools([message for _, message in group])
            elif first.role == "assistant" and not _is_whole(first.content):
                is_last = number == len(messages) - 1
                turn = self._frame_answer(first, is_current=number > question, is_last=is_last)
                yield from chatml.frame_turn("assistant", turn)
            else:
                yield from chatml.frame_plain(first)
        if has_prompt:
            yield from chatml.open_turn("assistant")
            if not self.is_thinking:
                yield Segment(f"{THINK}\n\n{THINK_END}\n\n")

    def _frame_answer(self, message: ChatMessage, *, is_current: bool, is_last: bool) -> Iterator[Segment]:
        thoughts, answer = _split_thinking(message.content)
        if is_current and (is_last or thoughts[0] < thoughts[1]):
            has_thoughts = thoughts[0] < thoughts[1]
            is_trained = has_thoughts or self.is_thinking
            yield Segment(f"{THINK}\n", is_trained=is_trained)
            yield from cut_segments(message, *thoughts)
            yield Segment(f"\n{THINK_END}\n\n", is_trained=is_trained)
            answer = _strip_newlines(message.content, *answer, at_end=False)
        yield from cut_segments(message, *answer)


def _last_question(messages: Sequence[ChatMessage]) -> int:
    """Index of the last user message that is not a tool's response; without any, of the last message."""
    asked = (
        number
        for number in range(len(messages) - 1, -1, -1)
        if messages[number].role == "user" and not _is_tool_response(messages[number].content)
    )
    return next(asked, len(messages) - 1)


def _is_tool_response(text: str) -> bool:
    return text.startswith(chatml.TOOL_START) and text.endswith(chatml.TOOL_END)


def _is_whole(text: str) -> bool:
    """Return whether the text has thinking blocks other than one at its start."""
    head, closing, _ = text.partition(THINK_END)
    before = head.rpartition(THINK)[0] if THINK in head else ""
    return text.count(THINK_END) > 1 or (bool(closing) and bool(before.strip()))


def _split_thinking(text: str) -> tuple[Span, Span]:
    """Find thoughts and answer of a text, without the newlines around the thoughts."""
    closes = text.find(THINK_END)
    if closes < 0:
        return (0, 0), (0, len(text))
    opens = text.rfind(THINK, 0, closes)
    thoughts = _strip_newlines(text, 0 if opens < 0 else opens + len(THINK), closes)
    return thoughts, _strip_newlines(text, closes + len(THINK_END), len(text), at_end=False)


def _strip_newlines(text: str, start: int, end: int, *, at_end: bool = True) -> Span:
    while start < end and text[start] == "\n":
        start += 1
    while at_end and start < end and text[end - 1] == "\n":
        end -= 1
    return start, end


TINY_SIZES = {
    "hidden_size": 96,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "tie_word_embeddings": True,
}
"""A small Qwen3-1.7B with tied embeddings; its heads are wider in all than the hidden state, as in the 0.6B and 4B."""

QWEN3 = ModelFamily(
    name="Qwen3",
    model_type="qwen3",
    architecture="Qwen3ForCausalLM",
    frame=Qwen3Frame(),
    control_tokens=chatml.CONTROL_TOKENS,
    text_tokens=TEXT_TOKENS,
    stop_tokens=chatml.STOP_TOKENS,
    bias_setting="attention_bias",
    has_head_norms=True,
    default_head=128,
    tiny="tiny-qwen3@1",
    build_tiny=partial(build_qwen, "qwen3", TINY_SIZES, (chatml.CONTROL_TOKENS, TEXT_TOKENS)),
)
