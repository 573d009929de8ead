"""Cache of vectors, keyed by a hash of the model's settings and the text.

A text without a usable vector is not stored: the next run repeats it. The file is private: vectors of hidden rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluator.config.llm_settings import EmbeddingSettings
from evaluator.errors import EmbeddingFailed
from evaluator.llm.database import open_transaction
from evaluator.llm.embeddings.embedding_client import EmbeddingAnswer, EmbeddingClient, Vectors
from evaluator.runtime.stage_cache import cache_key

_STORED = np.dtype("<f4")
_MAX_VARIABLES = 500
"""Keys of one query, below the least limit of sqlite."""


@dataclass(frozen=True)
class CachedEmbeddings:
    """Embedding client that forwards only texts without a cached vector, each once. Thread-safe."""

    client: EmbeddingClient
    model: EmbeddingSettings
    path: Path

    def embed(self, texts: Sequence[str]) -> EmbeddingAnswer:
        keys = [cache_key("embedding@1", self.model, text) for text in texts]
        vectors = self._lookup(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
        if not missing:
            return EmbeddingAnswer(stack_vectors([vectors[key] for key in keys], self.model))
        answer = self.client.embed(list(missing.values()))
        if answer.vectors is None:
            return answer
        new = dict(zip(missing, answer.vectors, strict=True))
        self._store({key: vector for key, vector in new.items() if np.isfinite(vector).all()})
        stacked = stack_vectors([vectors[key] if key in vectors else new[key] for key in keys], self.model)
        return EmbeddingAnswer(stacked, answer.why, answer.usage, answer.retries)

    def _lookup(self, keys: list[str]) -> dict[str, Vectors]:
        vectors: dict[str, Vectors] = {}
        with open_transaction(self.path) as connection:
            for start in range(0, len(keys), _MAX_VARIABLES):
                part = keys[start : start + _MAX_VARIABLES]
                marks = ", ".join("?" * len(part))
                rows = connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part)  # noqa: S608
                vectors |= {key: np.frombuffer(vector, _STORED) for key, vector in rows}
        return vectors

    def _store(self, vectors: dict[str, Vectors]) -> None:
        rows = [(key, vector.astype(_STORED).tobytes()) for key, vector in vectors.items()]
        with open_transaction(self.path) as connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)


def stack_vectors(vectors: Sequence[Vectors], model: EmbeddingSettings) -> Vectors:
    """Stack the vectors of several calls. Raises EmbeddingFailed if their lengths differ."""
    if len(sizes := sorted({len(vector) for vector in vectors})) > 1:
        raise EmbeddingFailed(
            "The embedding model call failed.",
            f"{model.name} now gives vectors of another length: {sizes[0]} and {sizes[-1]} numbers. Name the new "
            "version in `snapshot`.",
        )
    return np.stack(vectors).astype(np.float32)
