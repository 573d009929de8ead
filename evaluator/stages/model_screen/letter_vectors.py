"""Vectors of the letters that rows have in common: hashed shingles, rare ones with more weight. Needs no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluator.llm.embeddings.embedding_client import Vectors
from evaluator.llm.embeddings.parse_embeddings import normalize_vectors
from evaluator.stages.screen import normalize_text
from evaluator.stages.screen.shingles import cut_shingles

_DIMENSIONS = 4096
_LETTERS, _DENSE_LETTERS = 4, 2
"""Letters of a shingle, and of one that begins with a Chinese, Japanese or Korean character."""
_MAX_LETTERS = 50_000
"""Letters of a text that count, the first ones."""
_PART = 512
"""Texts counted at once: 16 MiB."""
_LEAST_WEIGHT = 0.1
"""Weight of a shingle that every test row has."""


class LetterVectors:
    """Weights of shingles by the test rows, and vectors of any texts by these weights."""

    def __init__(self, test: Sequence[str]) -> None:
        rows_with = np.zeros(_DIMENSIONS)
        for start in range(0, len(test), _PART):
            rows_with += np.count_nonzero(_count_shingles(test[start : start + _PART]), axis=0)
        self._weights = (np.log((1 + len(test)) / (1 + rows_with)) + _LEAST_WEIGHT).astype(np.float32)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; the cosine of two is their share of shingles in common, by weight."""
        parts = [texts[start : start + _PART] for start in range(0, len(texts), _PART)]
        vectors = [normalize_vectors(np.log1p(_count_shingles(part)) * self._weights) for part in parts]
        return np.concatenate([np.zeros((0, _DIMENSIONS), np.float32), *vectors])


def _count_shingles(texts: Sequence[str]) -> NDArray[np.float32]:
    skeletons = [normalize_text(text)[:_MAX_LETTERS] for text in texts]
    shingles = cut_shingles(skeletons, _LETTERS, _DENSE_LETTERS)
    owners = np.repeat(np.arange(len(texts)), np.diff(shingles.starts))
    places = (shingles.hashes % np.uint64(_DIMENSIONS)).astype(np.int64)
    flat = np.bincount(owners * _DIMENSIONS + places, minlength=len(texts) * _DIMENSIONS)
    return flat.reshape(len(texts), _DIMENSIONS).astype(np.float32)
