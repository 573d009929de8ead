"""ChatML, the frame of the Qwen families: `<|im_start|>role`, a newline, the text, `<|im_end|>`, a newline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from evaluator.models.families.messages import ChatMessage, Segment, cut_segments

START, END, END_OF_TEXT = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
CONTROL_TOKENS = (
    END_OF_TEXT, START, END, "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>",
    "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>",
    "<|video_pad|>",
)  # fmt: skip
"""Special tokens of Qwen2.5 and Qwen3, from id 151643 on; the images' and videos' are in text models too."""
TEXT_TOKENS = (
    "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>",
    "<|file_sep|>",
)  # fmt: skip
"""Tokens after them that are no special ones: text may contain them."""
STOP_TOKENS = (END, END_OF_TEXT)
TOOL_START, TOOL_END = "<tool_response>", "</tool_response>"


def iter_groups(messages: Sequence[ChatMessage]) -> Iterator[list[tuple[int, ChatMessage]]]:
    """Yield numbered messages: tool messages that follow each other together, others alone."""
    numbered = enumerate(messages)
    for _, run in groupby(numbered, key=lambda one: -1 if one[1].role == "tool" else one[0]):
        yield list(run)


def frame_turn(role: str, segments: Iterator[Segment]) -> Iterator[Segment]:
    """Frame the segments of one turn; the end of the assistant's is trained."""
    yield from open_turn(role)
    yield from segments
    yield Segment(END, is_control=True, is_trained=role == "assistant")
    yield Segment("\n")


def open_turn(role: str) -> Iterator[Segment]:
    """Yield the head of a turn."""
    yield Segment(START, is_control=True)
    yield Segment(f"{role}\n")


def frame_plain(message: ChatMessage) -> Iterator[Segment]:
    """Frame a message with its text as it is."""
    return frame_turn(message.role, cut_segments(message))


def frame_tools(messages: Sequence[ChatMessage]) -> Iterator[Segment]:
    """Frame tool messages that follow each other: one turn of the user."""
    text = "\n".join(f"{TOOL_START}\n{message.content}\n{TOOL_END}" for message in messages)
    return frame_turn("user", iter((Segment(text),)))
