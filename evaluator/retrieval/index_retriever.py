"""Retriever over an index on disk: the rules of hits, whatever the engine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

from evaluator.retrieval.engines.engine import RowSearcher, ScoredRow
from evaluator.retrieval.index_card import IndexCard
from evaluator.retrieval.passage_store import PassageStore
from evaluator.retrieval.retriever import DEFAULT_K, Hit, clamp_k, clean_query, round_score

MAX_TIED_ROWS = 4096
"""Rows of one score that are put in the order of their ids; among more, the engine's first ones are taken."""
_GROWTH = 8
_MAX_THREADS = 4
Q = TypeVar("Q")


class IndexRetriever(Generic[Q]):
    """Searches an index; several queries of a call run on several threads."""

    def __init__(self, card: IndexCard, store: PassageStore, searcher: RowSearcher[Q]) -> None:
        self.card = card
        self._store = store
        self._searcher = searcher
        threads = min(_MAX_THREADS, len(os.sched_getaffinity(0)))
        self._pool = ThreadPoolExecutor(threads, "retriever") if threads > 1 else None

    @property
    def index_id(self) -> str:
        """Id of the index, from its card."""
        return self.card.index_id

    @property
    def documents(self) -> int:
        """Number of passages."""
        return self.card.documents

    def search(self, queries: Sequence[str], k: int = DEFAULT_K) -> list[tuple[Hit, ...]]:
        """Find the best passages of each query, by the rules of Retriever."""
        prepared = self._searcher.prepare_queries([clean_query(query) for query in queries])
        find = partial(self._find_hits, clamp_k(k, self.documents))
        if self._pool is None or len(prepared) < 2:
            return list(map(find, prepared))
        return list(self._pool.map(find, prepared))

    def close(self) -> None:
        """Close the index."""
        if self._pool is not None:
            self._pool.shutdown()
        self._searcher.close()
        self._store.close()

    def _find_hits(self, k: int, query: Q | None) -> tuple[Hit, ...]:
        if query is None:
            return ()
        limit = min(k + 1, self.documents)
        rows = self._find_rows(query, limit)
        # A row that is left out may have the score of the last one and a smaller id.
        while len(rows) == limit > k and rows[k - 1].score == rows[-1].score and limit < self._max_rows(k):
            limit = min(limit * _GROWTH, self._max_rows(k))
            rows = self._find_rows(query, limit)
        if len(rows) > k:
            rows = [row for row in rows if row.score >= rows[k - 1].score]
        hits = [Hit(self._store.read_passage(row.row), row.score) for row in rows]
        return tuple(sorted(hits, key=_order_hit)[:k])

    def _find_rows(self, query: Q, limit: int) -> list[ScoredRow]:
        rounded = (ScoredRow(row.row, round_score(row.score)) for row in self._searcher.find_rows(query, limit))
        return sorted((row for row in rounded if row.score > 0), key=_order_row)

    def _max_rows(self, k: int) -> int:
        return min(self.documents, k + MAX_TIED_ROWS)


def _order_row(row: ScoredRow) -> tuple[float, int]:
    return -row.score, row.row


def _order_hit(hit: Hit) -> tuple[float, str]:
    return -(hit.score or 0), hit.passage.id
