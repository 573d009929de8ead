"""Vectors of passages and queries; all that keeps an embedding model from giving one is an error of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from evaluator.config.retriever_settings import DenseSettings
from evaluator.errors import BudgetSpent, IndexMismatch, ModelCallFailed, RetrieverError
from evaluator.llm.embeddings.embedding_client import EmbeddingClient, Vectors
from evaluator.retrieval.retriever import Passage


class PassageEmbedder:
    """Embeds with one model, in batches."""

    def __init__(self, client: EmbeddingClient, settings: DenseSettings, batch: int, close: Callable[[], None]) -> None:
        self._client = client
        self._settings = settings
        self._batch = batch
        self.close = close
        """Closes the connections of the client."""

    def iter_passage_vectors(self, passages: Iterable[Passage]) -> Iterator[Vectors]:
        """Embed a stream of passages; yield the vectors of each batch. Raises RetrieverError."""
        model, stream, dimensions = self._settings.model, iter(passages), 0
        while batch := list(islice(stream, self._batch)):
            texts = [model.prefix + passage.indexed_text[: model.max_characters] for passage in batch]
            vectors = self._embed_batch(texts, [f"passage {passage.id!r}" for passage in batch])
            _require_dimensions(vectors, dimensions or vectors.shape[1])
            dimensions = vectors.shape[1]
            yield vectors

    def embed_queries(self, queries: Sequence[str], dimensions: int) -> list[Vectors]:
        """Embed queries for an index of vectors of this length. Raises RetrieverError."""
        texts = [self._settings.query_prefix + query[: self._settings.model.max_characters] for query in queries]
        rows: list[Vectors] = []
        for start in range(0, len(texts), self._batch):
            batch = texts[start : start + self._batch]
            vectors = self._embed_batch(batch, ["a query"] * len(batch))
            _require_dimensions(vectors, dimensions)
            rows.extend(vectors)
        return rows

    def _embed_batch(self, texts: Sequence[str], names: Sequence[str]) -> Vectors:
        try:
            answer = self._client.embed(texts)
        except (ModelCallFailed, BudgetSpent) as error:
            raise RetrieverError(error.public, error.detail) from error
        if answer.vectors is None:
            raise RetrieverError("The embedding model refused a text of the retriever.", f"{names[0]}: {answer.why}.")
        missing = np.flatnonzero(~np.isfinite(answer.vectors).all(axis=1))
        if len(missing):
            raise RetrieverError(
                "The embedding model gave no usable vector.", f"It is missing for {names[missing[0]]}."
            )
        return answer.vectors


def _require_dimensions(vectors: Vectors, wanted: int) -> None:
    if vectors.shape[1] != wanted:
        raise IndexMismatch(
            "The embedding model gives vectors of another length.",
            f"{vectors.shape[1]} numbers, wanted {wanted}: name the model of the index, or build it again.",
        )
