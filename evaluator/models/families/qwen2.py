"""Qwen2.5: ChatML with a system message always, biases on queries, keys and values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from evaluator.models.families import chatml
from evaluator.models.families.family import ModelFamily
from evaluator.models.families.messages import ChatMessage, Segment
from evaluator.models.families.tiny_models import build_qwen


@dataclass(frozen=True)
class Qwen2Frame:
    """Frame of Qwen2.5."""

    default_system: str = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
    """System message of a conversation without one. The base models' files have the second sentence alone."""

    def render_messages(self, messages: Sequence[ChatMessage], *, has_prompt: bool) -> Iterator[Segment]:
        if not messages or messages[0].role != "system":
            yield from chatml.frame_plain(ChatMessage("system", self.default_system))
        for group in chatml.iter_groups(messages):
            first = group[0][1]
            if first.role == "tool":
                yield from chatml.frame_tools([message for _, message in group])
            else:
                yield from chatml.frame_plain(first)
        if has_prompt:
            yield from chatml.open_turn("assistant")


TINY_SIZES = {
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "tie_word_embeddings": False,
}
"""A small Qwen2.5-7B: heads as wide as the hidden state in all, 32 each as vLLM needs on a CPU, embeddings not tied."""

QWEN2 = ModelFamily(
    name="Qwen2.5",
    model_type="qwen2",
    architecture="Qwen2ForCausalLM",
    frame=Qwen2Frame(),
    control_tokens=chatml.CONTROL_TOKENS,
    text_tokens=chatml.TEXT_TOKENS,
    stop_tokens=chatml.STOP_TOKENS,
    has_qkv_bias=True,
    tiny="tiny-qwen2.5@1",
    build_tiny=partial(build_qwen, "qwen2", TINY_SIZES, (chatml.CONTROL_TOKENS, chatml.TEXT_TOKENS)),
)
