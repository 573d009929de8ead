"""Dense retrieval: cosine of embeddings, exact by FAISS for small corpora, approximate by usearch for large ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any

import faiss
import numpy as np
from usearch.index import Index as GraphIndex

from evaluator.config.retriever_settings import DenseSettings
from evaluator.llm.embeddings.embedding_client import Vectors
from evaluator.retrieval.engines.engine import Parameters, ScoredRow, WrittenIndex
from evaluator.retrieval.engines.passage_embedder import PassageEmbedder
from evaluator.retrieval.retriever import Passage

MAX_FLAT_PASSAGES = 200_000
"""From here on a search of all vectors costs too much, and a graph is searched."""
_FLAT, _GRAPH = "faiss-flat", "usearch-hnsw"
_FILES = {_FLAT: "vectors.faiss", _GRAPH: "vectors.usearch"}
_CONNECTIVITY, _EXPANSION_ADD, _EXPANSION_SEARCH = 16, 128, 128
"""Of the graph: neighbours of a node, candidates while it is built, candidates of a search."""


class DenseEngine:
    """Writes and opens indexes of the vectors of one embedding model."""

    name = "dense"
    analyzer = None

    def __init__(self, embedder: PassageEmbedder, settings: DenseSettings) -> None:
        self._embedder = embedder
        self.version = f"faiss {version('faiss-cpu')}, usearch {version('usearch')}"
        self.parameters: Parameters = {
            "model": settings.model.name,
            "snapshot": settings.model.snapshot,
            "passage_prefix": settings.model.prefix,
            "query_prefix": settings.query_prefix,
            "max_characters": settings.model.max_characters,
        }

    def write_index(self, passages: Iterable[Passage], folder: Path) -> WrittenIndex:
        """Embed the passages and write the index: flat while they are few, a graph from MAX_FLAT_PASSAGES on."""
        batches = self._embedder.iter_passage_vectors(passages)
        few: list[Vectors] = []
        count = 0
        for batch in batches:
            few.append(batch)
            count += len(batch)
            if count >= MAX_FLAT_PASSAGES:
                return _write_graph(chain(few, batches), batch.shape[1], folder)
        return _write_flat(few, folder)

    def open_index(self, folder: Path, card_parameters: Parameters) -> DenseSearcher:
        """Open the index; a graph is mapped into memory."""
        kind, dimensions = str(card_parameters["search"]), int(card_parameters["dimensions"])
        file = folder / _FILES[kind]
        if kind == _FLAT:
            index: Any = faiss.read_index(str(file))
        else:
            index = GraphIndex.restore(str(file), view=True)
            if index is None:
                raise ValueError(f"{file} is no usearch index")
            index.expansion_search = _EXPANSION_SEARCH
        return DenseSearcher(index, dimensions, self._embedder)


class DenseSearcher:
    """An open index of vectors, and the model that embeds queries."""

    def __init__(self, index: Any, dimensions: int, embedder: PassageEmbedder) -> None:
        self._index = index
        self._is_graph = isinstance(index, GraphIndex)
        self._dimensions = dimensions
        self._embedder = embedder
        self._lock = Lock()

    @property
    def documents(self) -> int:
        """Number of passages."""
        return len(self._index) if self._is_graph else int(self._index.ntotal)

    def prepare_queries(self, queries: Sequence[str]) -> Sequence[Vectors | None]:
        """Embed the queries that are not blank, in as few calls as possible. Raises RetrieverError."""
        vectors = self._embedder.embed_queries([query for query in queries if query.strip()], self._dimensions)
        rows = iter(vectors)
        return [next(rows) if query.strip() else None for query in queries]

    def find_rows(self, query: Vectors, limit: int) -> Sequence[ScoredRow]:
        """Find the rows with the largest cosine."""
        if self._is_graph:
            with self._lock:  # searches at once would use the same buffers of the graph
                found = self._index.search(query, limit)
            rows, scores = found.keys, 1 - found.distances
        else:
            (scores,), (rows,) = self._index.search(query[None, :], limit)
        return [ScoredRow(int(row), float(score)) for row, score in zip(rows, scores, strict=True) if row >= 0]

    def close(self) -> None:
        """Close the connections to the embedding server."""
        self._embedder.close()


def _write_flat(batches: Sequence[Vectors], folder: Path) -> WrittenIndex:
    vectors = np.concatenate(batches)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    faiss.write_index(index, str(folder / _FILES[_FLAT]))
    return WrittenIndex(parameters={"search": _FLAT, "dimensions": vectors.shape[1]})


def _write_graph(batches: Iterable[Vectors], dimensions: int, folder: Path) -> WrittenIndex:
    index = GraphIndex(
        ndim=dimensions,
        metric="ip",
        dtype="f32",
        connectivity=_CONNECTIVITY,
        expansion_add=_EXPANSION_ADD,
        expansion_search=_EXPANSION_SEARCH,
    )
    row = 0
    for batch in batches:
        index.add(np.arange(row, row + len(batch), dtype=np.uint64), batch, threads=1)  # one thread: the same graph
        row += len(batch)
    index.save(str(folder / _FILES[_GRAPH]))
    return WrittenIndex(parameters={"search": _GRAPH, "dimensions": dimensions})
