"""Parts of a conversation that carry the loss, as character offsets.

A model learns everything that the assistant writes and the end of its turns, and nothing that was retrieved: passages
in a tool's message, and those between passage tags inside of an assistant's message, with their tags and the blanks
around them, as the environment writes both. Where tags do not match, too much is left out of the loss, not too little.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from submissions.trajectories.chat_rows import ChatTurn
from submissions.trajectories.scan_tags import scan_tags
from submissions.trajectories.tag_sets import TagSet

TextSpan = tuple[int, int]
"""Part of a text: offset of its first character, and of the one behind its last."""


@dataclass(frozen=True)
class TurnLoss:
    """What is learned of one turn."""

    spans: tuple[TextSpan, ...] = ()
    """Parts that carry the loss, in order."""
    has_end: bool = False
    """Whether the end of the turn carries it too."""


def find_loss_spans(turns: Sequence[ChatTurn], tags: TagSet) -> tuple[TurnLoss, ...]:
    """Find what is learned of each turn; nothing but of the assistant's. A turn that ends retrieved has no end."""
    return tuple(_find_turn_loss(turn.text, tags) if turn.role == "assistant" else TurnLoss() for turn in turns)


def find_retrieved_spans(text: str, tags: TagSet) -> tuple[TextSpan, ...]:
    """Find retrieved text in an assistant's message: the outermost passage blocks, tags and outer blanks included.

    A block without an end reaches to the end of the text. Before an end without a start, everything back to the query,
    or to the start of the text, counts as retrieved.
    """
    return tuple(_merge_spans(_widen_over_blanks(text, span) for span in _find_blocks(text, tags)))


def _find_turn_loss(text: str, tags: TagSet) -> TurnLoss:
    retrieved = find_retrieved_spans(text, tags)
    edges = [0, *(edge for span in retrieved for edge in span), len(text)]
    own = tuple((start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end)
    return TurnLoss(own, has_end=not (retrieved and retrieved[-1][1] == len(text)))


def _find_blocks(text: str, tags: TagSet) -> Iterator[TextSpan]:
    start, depth = 0, 0
    for mark in scan_tags(text, tags):
        if mark.kind == "passages" and mark.is_open:
            start, depth = (start if depth else mark.start), depth + 1
        elif mark.kind == "passages":
            depth = max(0, depth - 1)
            if not depth:
                yield start, mark.end
                start = mark.end
        elif mark.kind == "query" and not mark.is_open and not depth:
            start = mark.end
    if depth:
        yield start, len(text)


def _widen_over_blanks(text: str, span: TextSpan) -> TextSpan:
    start, end = span
    while start and text[start - 1].isspace():
        start -= 1
    while end < len(text) and text[end].isspace():
        end += 1
    return start, end


def _merge_spans(spans: Iterator[TextSpan]) -> Iterator[TextSpan]:
    before: TextSpan | None = None
    for span in spans:
        if before and span[0] <= before[1]:
            before = (before[0], max(before[1], span[1]))
            continue
        if before:
            yield before
        before = span
    if before:
        yield before
