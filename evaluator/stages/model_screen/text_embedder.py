"""Vectors of many texts in concurrent batches; texts without one are named with the reason."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluator.config.model_screen_settings import EmbeddingStage
from evaluator.llm.embeddings.cached_embeddings import stack_vectors
from evaluator.llm.embeddings.embedding_client import EmbeddingClient, Vectors
from evaluator.llm.pool import map_concurrently

_NO_TEXT = "the row has no text"
_NO_VECTOR = "the model gave no usable vector"


class TextEmbedder:
    """Embedder of the rows of one task."""

    def __init__(self, client: EmbeddingClient, stage: EmbeddingStage) -> None:
        self._client = client
        self._stage = stage
        self.reasons: dict[str, str] = {}
        """Reason for each text that has no vector."""

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; a row of NaN for one in `reasons`. Raises ModelCallFailed and BudgetSpent."""
        self.reasons |= {text: _NO_TEXT for text in texts if not text.strip()}
        distinct = list(dict.fromkeys(text for text in texts if text not in self.reasons))
        size = self._stage.batch
        batches = [distinct[start : start + size] for start in range(0, len(distinct), size)]
        vectors: dict[str, Vectors] = {}
        for part in map_concurrently(self._embed_batch, batches, self._stage.connection.at_once):
            vectors |= part
        width = len(next(iter(vectors.values()), [0.0]))
        missing = np.full(width, np.nan, np.float32)
        rows = [vectors.get(text, missing) for text in texts]
        return stack_vectors(rows, self._stage.model) if rows else np.zeros((0, width), np.float32)

    def _embed_batch(self, texts: list[str]) -> dict[str, Vectors]:
        """Embed a batch; one that the server refuses is halved until the refused text is alone."""
        answer = self._client.embed([self._prepare_text(text) for text in texts])
        if answer.vectors is None:
            if len(texts) == 1:
                self.reasons[texts[0]] = answer.why or _NO_VECTOR
                return {}
            middle = len(texts) // 2
            return self._embed_batch(texts[:middle]) | self._embed_batch(texts[middle:])
        vectors = dict(zip(texts, answer.vectors, strict=True))
        without = [text for text, vector in vectors.items() if not np.isfinite(vector).all()]
        self.reasons |= dict.fromkeys(without, _NO_VECTOR)
        return {text: vector for text, vector in vectors.items() if text not in without}

    def _prepare_text(self, text: str) -> str:
        """Cut a text and put the model's prefix before it; a lone surrogate, which cannot be sent, becomes `?`."""
        model = self._stage.model
        return f"{model.prefix}{text[: model.max_characters]}".encode(errors="replace").decode()
