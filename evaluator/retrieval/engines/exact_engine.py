"""Exact BM25 with any k1 and b, by bm25s: holds its index in memory. The oracle of the embedded index in tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import bm25s  # type: ignore[import-untyped]
import numpy as np

from evaluator.retrieval.analyzer import Analyzer
from evaluator.retrieval.engines.engine import Parameters, ScoredRow, WrittenIndex
from evaluator.retrieval.retriever import Passage


class ExactEngine:
    """Writes and opens bm25s indexes, with Lucene's formula of the inverse document frequency."""

    name = "exact"

    def __init__(self, analyzer: Analyzer, k1: float, b: float) -> None:
        self.analyzer = analyzer
        self.version = version("bm25s")
        self.parameters: Parameters = {"k1": k1, "b": b}

    def write_index(self, passages: Iterable[Passage], folder: Path) -> WrittenIndex:
        """Write the index. Needs memory for all terms of the corpus."""
        vocabulary: dict[str, int] = {}
        documents = [
            [vocabulary.setdefault(term, len(vocabulary)) for term in self.analyzer.list_terms(passage.indexed_text)]
            for passage in passages
        ]
        ranker = bm25s.BM25(method="lucene", **self.parameters, dtype="float64", backend="numpy")
        ranker.index((documents, vocabulary or {"": 0}), show_progress=False)
        ranker.save(folder, show_progress=False)
        return WrittenIndex(terms=sum(map(len, documents)))

    def open_index(self, folder: Path, card_parameters: Parameters) -> ExactSearcher:  # noqa: ARG002
        """Open the index; its scores are mapped into memory."""
        ranker = bm25s.BM25.load(folder, mmap=True, show_progress=False)
        return ExactSearcher(ranker, self.analyzer, float(self.parameters["k1"]))


class ExactSearcher:
    """An open bm25s index."""

    def __init__(self, ranker: bm25s.BM25, analyzer: Analyzer, k1: float) -> None:
        self._ranker = ranker
        self._analyzer = analyzer
        self._factor = k1 + 1
        """Of the numerator of BM25, which Lucene's formula leaves out and tantivy's has."""

    @property
    def documents(self) -> int:
        """Number of passages."""
        return int(self._ranker.scores["num_docs"])

    def prepare_queries(self, queries: Sequence[str]) -> Sequence[Sequence[int] | None]:
        """Turn each query into the numbers of its terms; None if the corpus has none of them."""
        terms = (self._analyzer.select_query_terms(query) for query in queries)
        return [self._ranker.get_tokens_ids(one) or None for one in terms]

    def find_rows(self, query: Sequence[int], limit: int) -> Sequence[ScoredRow]:
        """Score all passages, and select the best."""
        scores = self._ranker.get_scores_from_ids(query) * self._factor
        best = np.argpartition(-scores, limit - 1)[:limit] if limit < len(scores) else np.arange(len(scores))
        return [ScoredRow(int(row), float(scores[row])) for row in best[np.argsort(-scores[best], kind="stable")]]

    def close(self) -> None:
        """Nothing: the files are closed with the last reference."""
