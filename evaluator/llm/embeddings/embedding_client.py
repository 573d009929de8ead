"""Interface of embedding clients: texts in; a vector for each, or the reason for none, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evaluator.llm.client import TokenUsage

Vectors = NDArray[np.float32]
"""Texts x dimensions. Each row has length 1, or is NaN where the model gave no usable vector."""


@dataclass(frozen=True)
class EmbeddingAnswer:
    """Answer of an embedding model."""

    vectors: Vectors | None
    """One row for each text, or None if the server refused these texts."""
    why: str | None = None
    """Reason for missing vectors. Never quotes the texts."""
    usage: TokenUsage | None = None
    """Server's count for the last try; None where the server reports none, or nothing was sent."""
    retries: int = 0
    """Tries sent before the last one, without an answer that arrived."""


class EmbeddingClient(Protocol):
    """Client that embeds a batch of texts in one call."""

    def embed(self, texts: Sequence[str]) -> EmbeddingAnswer:
        """Return the vectors. Raises ModelCallFailed where the model cannot be called, and BudgetSpent."""
        ...
