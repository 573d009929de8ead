"""Llama 3: header and blank line before each text. No system block unless the conversation has one.

Texts stay as they are, where Llama 3's own template strips their outer blanks; tools' messages have the role that
Llama 3.1 introduced for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluator.models import tiny_llama
from evaluator.models.chat_template import BOS, EOM, EOS, EOT, HEADER_END, HEADER_START, SPECIAL_TOKENS
from evaluator.models.chat_template.llama3 import BLANK_LINE
from evaluator.models.families.family import ModelFamily
from evaluator.models.families.messages import ChatMessage, Segment, cut_segments

TOOL_ROLE = "ipython"


@dataclass(frozen=True)
class LlamaFrame:
    """The same frame as `llama3@1`, for conversations."""

    def render_messages(self, messages: Sequence[ChatMessage], *, has_prompt: bool) -> Iterator[Segment]:
        yield Segment(BOS, is_control=True)
        for message in messages:
            yield from _open_turn(TOOL_ROLE if message.role == "tool" else message.role)
            yield from cut_segments(message)
            yield Segment(EOT, is_control=True, is_trained=message.role == "assistant")
        if has_prompt:
            yield from _open_turn("assistant")


def _open_turn(role: str) -> Iterator[Segment]:
    yield Segment(HEADER_START, is_control=True)
    yield Segment(role)
    yield Segment(HEADER_END, is_control=True)
    yield Segment(BLANK_LINE)


LLAMA = ModelFamily(
    name="Llama 3",
    model_type="llama",
    architecture="LlamaForCausalLM",
    frame=LlamaFrame(),
    control_tokens=SPECIAL_TOKENS,
    stop_tokens=(EOT, EOM, EOS),
    bias_setting="attention_bias",
    tiny="tiny-llama@1",
    build_tiny=tiny_llama.build_model,
)
