"""Parsed trajectory: thoughts, searches and answer with their character offsets, or its first fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FaultKind = Literal[
    "nested",
    "unclosed",
    "unopened",
    "wrong_order",
    "stray_text",
    "empty_block",
    "after_answer",
    "missing",
    "wrong_turn",
]
"""Kinds of faults: a tag inside of another block; a block without an end; an end without a start; a block that may not
come here; text outside of the blocks; a blank query or answer; anything behind the answer; no answer, or a query
without passages; a message whose role may not come here."""


@dataclass(frozen=True)
class TextBlock:
    """Text between two tags, or a part of it."""

    turn: int
    """Number of the message, from 0."""
    start: int
    """Offset of its first character in the message."""
    end: int
    text: str


@dataclass(frozen=True)
class TrajectorySearch:
    """One search: its queries, and the passages that came back."""

    queries: tuple[TextBlock, ...]
    passages: tuple[TextBlock, ...] = ()
    """One for each passage where their beginnings are marked, else one for all."""


@dataclass(frozen=True)
class GrammarFault:
    """First place where a trajectory breaks its grammar; what follows it was not read."""

    kind: FaultKind
    turn: int
    """Number of the message, from 0."""
    offset: int
    """Offset of the character in the message."""
    why: str
    excerpt: str
    """Text from there on, cut."""

    def __str__(self) -> str:
        return f"message {self.turn + 1}, character {self.offset + 1}: {self.why} ({self.excerpt!r})"


@dataclass(frozen=True)
class Trajectory:
    """One conversation as its tag set reads it."""

    tag_set: str
    thoughts: tuple[TextBlock, ...]
    searches: tuple[TrajectorySearch, ...]
    answer: TextBlock | None
    fault: GrammarFault | None
    """None for a trajectory that keeps to its grammar."""

    @property
    def queries(self) -> tuple[TextBlock, ...]:
        """Queries of all searches."""
        return tuple(query for search in self.searches for query in search.queries)

    @property
    def passages(self) -> tuple[TextBlock, ...]:
        """Passages of all searches."""
        return tuple(passage for search in self.searches for passage in search.passages)
