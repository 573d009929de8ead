"""Client of OpenAI-compatible `/embeddings`: texts to vectors of length 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from evaluator.errors import InvalidRetrieverAnswer
from evaluator.retrieval.json_client import JsonClient

Vectors = NDArray[np.float32]


class EmbeddedText(BaseModel):
    """One vector of an answer."""

    index: int
    embedding: list[float]


class EmbeddingAnswer(BaseModel):
    """The part of an answer that matters."""

    data: list[EmbeddedText]


class EmbeddingClient:
    """Embeds texts with one model of one server."""

    def __init__(self, client: JsonClient, model: str, batch: int) -> None:
        self._client = client
        self._model = model
        self._batch = batch

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts, in batches: one row for each, of length 1. Raises RetrieverError."""
        rows = [self._embed_batch(texts[start : start + self._batch]) for start in range(0, len(texts), self._batch)]
        return np.concatenate(rows) if rows else np.zeros((0, 0), np.float32)

    def iter_batches(self, texts: Iterator[str]) -> Iterator[Vectors]:
        """Embed a stream of texts; yield the vectors of each batch."""
        while batch := list(islice(texts, self._batch)):
            yield self._embed_batch(batch)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _embed_batch(self, texts: Sequence[str]) -> Vectors:
        body = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        vectors = _parse_vectors(self._client.request_json("POST", "/embeddings", body), len(texts))
        if vectors is None:
            raise InvalidRetrieverAnswer(
                "An embedding server answered without one vector for each text.",
                f"{self._client.url}: wanted {len(texts)} vectors of model {self._model!r}, equally long and finite.",
            )
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        scaled: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
        return scaled


def _parse_vectors(answer: Any, count: int) -> Vectors | None:
    """The vectors of an answer in the order of the texts; None if any is missing or unusable."""
    try:
        data = sorted(EmbeddingAnswer.model_validate(answer).data, key=lambda one: one.index)
    except ValidationError:
        return None
    if [one.index for one in data] != list(range(count)) or len({len(one.embedding) for one in data}) != 1:
        return None
    vectors = np.array([one.embedding for one in data], dtype=np.float32)
    return vectors if vectors.size and np.isfinite(vectors).all() else None
