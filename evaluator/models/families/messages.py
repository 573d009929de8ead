"""Messages of a conversation, and the segments that a family's frame turns them into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from submissions.trajectories.chat_rows import TurnRole

Span = tuple[int, int]
"""Part of a text: first character, and the one after the last."""


@dataclass(frozen=True)
class ChatMessage:
    """One message. Only the assistant's text is trained."""

    role: TurnRole
    content: str
    untrained: tuple[Span, ...] = ()
    """Parts of an assistant's text that the model did not write, such as search results; in any order."""


@dataclass(frozen=True)
class Segment:
    """Part of a rendered conversation."""

    text: str
    is_control: bool = False
    """True for one control token of the family."""
    is_trained: bool = False


class ChatFrame(Protocol):
    """Chat template of a family, in segments instead of one string."""

    def render_messages(self, messages: Sequence[ChatMessage], *, has_prompt: bool) -> Iterator[Segment]:
        """Yield the segments of a conversation; `has_prompt` adds the head of the next assistant message."""
        ...


def cut_segments(message: ChatMessage, start: int = 0, end: int | None = None) -> Iterator[Segment]:
    """Yield a part of a message's text, cut where its training begins and ends."""
    place, end = start, len(message.content) if end is None else end
    is_own = message.role == "assistant"
    for first, last in sorted(message.untrained) if is_own else ():
        first, last = max(first, place), min(last, end)
        if first < last:
            yield Segment(message.content[place:first], is_trained=True)
            yield Segment(message.content[first:last])
            place = last
    yield Segment(message.content[place:end], is_trained=is_own)


def find_tagged_spans(text: str, tag: str) -> tuple[Span, ...]:
    """Find the outermost `<tag>…</tag>` of a text, tags included.

    An unclosed tag reaches to the end of the text; a closing tag without an opening one is no span.
    """
    opening, closing = f"<{tag}>", f"</{tag}>"
    spans, depth, start, place = [], 0, 0, 0
    while True:
        opens, closes = (text.find(one, place) for one in (opening, closing))
        if opens >= 0 and (closes < 0 or opens < closes):
            start, depth, place = (opens if depth == 0 else start), depth + 1, opens + len(opening)
        elif closes >= 0:
            place = closes + len(closing)
            if depth == 1:
                spans.append((start, place))
            depth = max(0, depth - 1)
        else:
            return (*spans, (start, len(text))) if depth else tuple(spans)
