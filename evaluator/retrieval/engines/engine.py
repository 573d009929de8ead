"""The seam of embedded engines: how they write an index, and find rows in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from evaluator.retrieval.analyzer import Analyzer
from evaluator.retrieval.retriever import Passage

Parameters = Mapping[str, str | int | float]
Q = TypeVar("Q")


@dataclass(frozen=True)
class ScoredRow:
    """Number of a passage in its index, and its score for a query."""

    row: int
    score: float


@dataclass(frozen=True)
class WrittenIndex:
    """Facts of an index that are known once it is written."""

    terms: int = 0
    """Terms of all passages, with repeats."""
    parameters: Parameters = field(default_factory=dict)
    """Further parameters for its card."""


class RowSearcher(Protocol[Q]):
    """An open index. Safe for calls from several threads."""

    @property
    def documents(self) -> int:
        """Number of rows."""
        ...

    def prepare_queries(self, queries: Sequence[str]) -> Sequence[Q | None]:
        """Turn queries into what the engine searches; None for one without any term."""
        ...

    def find_rows(self, query: Q, limit: int) -> Sequence[ScoredRow]:
        """Find the best rows of a query, at most `limit`, best first; equal scores in any order."""
        ...

    def close(self) -> None:
        """Close files and connections."""
        ...


class Engine(Protocol[Q]):
    """Writes and opens indexes of one kind, with one set of parameters."""

    name: str
    """Its key in RETRIEVERS."""
    version: str
    """Of the library."""
    parameters: Parameters
    """All that shapes its rankings beside corpus and analyzer."""

    @property
    def analyzer(self) -> Analyzer | None:
        """Analyzer of passages and queries; None if it has no terms."""
        ...

    def write_index(self, passages: Iterable[Passage], folder: Path) -> WrittenIndex:
        """Write an index of the passages into a folder; row n is passage n."""
        ...

    def open_index(self, folder: Path, card_parameters: Parameters) -> RowSearcher[Q]:
        """Open what `write_index` wrote. Raises OSError, ValueError or RuntimeError for a damaged folder."""
        ...
