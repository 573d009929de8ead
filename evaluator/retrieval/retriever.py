"""The seam of retrievers: passages, hits, and the rules that hold for every backend."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

DEFAULT_K = 3
"""Hits of a query where nothing else is requested."""
MAX_K = 100
"""Hits of a query at most; a larger number is lowered to it."""
MAX_QUERY_CHARACTERS = 4096
"""Characters of a query that are read; the rest is ignored."""
_DIGITS = 6
"""Significant digits of a score: what is left of 32-bit sums whatever their order."""


@dataclass(frozen=True)
class Passage:
    """One passage of a corpus."""

    id: str
    title: str
    """Empty if the corpus has none."""
    text: str

    @property
    def contents(self) -> str:
        """The passage as the Search-R1 family sends it: the title in double quotes, then the text."""
        return f'"{self.title}"\n{self.text}' if self.title else self.text

    @property
    def indexed_text(self) -> str:
        """Title and text, as an index reads them."""
        return f"{self.title}\n{self.text}" if self.title else self.text

    @classmethod
    def from_contents(cls, name: str | None, contents: str) -> Self:
        """Split what `contents` joins. A passage without an id is named by the hash of its contents."""
        first, _, rest = contents.partition("\n")
        is_titled = len(first) > 2 and first[0] == first[-1] == '"' and bool(rest.strip())
        title, text = (first[1:-1], rest) if is_titled else ("", contents)
        return cls(name or f"sha256:{hash_text(contents)[:16]}", title, text)


@dataclass(frozen=True)
class Hit:
    """A passage that a query found."""

    passage: Passage
    score: float | None
    """Above 0; None from a server that sends no scores."""


class Retriever(Protocol):
    """Finds passages of one index. Safe for calls from several threads."""

    @property
    def index_id(self) -> str:
        """Id of the index. Results of different ids are not comparable."""
        ...

    @property
    def documents(self) -> int | None:
        """Number of passages; None if a server does not tell it."""
        ...

    def search(self, queries: Sequence[str], k: int = DEFAULT_K) -> list[tuple[Hit, ...]]:
        """Find the best passages of each query: best first, equal scores by id, none with score 0, at most `k`.

        `k` is clamped to 1 ... MAX_K. A query without any term has no hits. Raises RetrieverError.
        """
        ...

    def close(self) -> None:
        """Close files and connections."""
        ...


def clean_query(text: str) -> str:
    """Cut a query to its limit, and replace what no server or index can read: NUL and lone surrogates."""
    cut = text[:MAX_QUERY_CHARACTERS].replace("\0", " ")
    return cut.encode("utf-8", "replace").decode("utf-8")


def clamp_k(k: int, documents: int | None = None) -> int:
    """Clamp the number of hits to 1 ... MAX_K, and to the number of passages."""
    return max(1, min(k, MAX_K, MAX_K if documents is None else documents))


def round_score(score: float) -> float:
    """Round a score to the digits that do not depend on the order of its summands."""
    return float(f"{score:.{_DIGITS}g}")


def hash_text(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
