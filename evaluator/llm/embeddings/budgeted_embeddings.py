"""Embedding client within a budget, which is reserved before each call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.errors import ModelCallFailed
from evaluator.llm.budget import FRAME_TOKENS, Budget, add_retries
from evaluator.llm.client import TokenUsage
from evaluator.llm.embeddings.embedding_client import EmbeddingAnswer, EmbeddingClient


@dataclass(frozen=True)
class BudgetedEmbeddings:
    """Embedding client that forwards batches to another one within the budget."""

    client: EmbeddingClient
    budget: Budget

    def embed(self, texts: Sequence[str]) -> EmbeddingAnswer:
        reserved = estimate_embedding_usage(texts)
        self.budget.reserve(reserved)
        used = None
        try:
            answer = self.client.embed(texts)
            used = add_retries(answer.usage or reserved, answer.retries)
        except ModelCallFailed as failed:
            used = add_retries(reserved, failed.retries)
            raise
        finally:
            self.budget.settle(reserved, used)
        return answer


def estimate_embedding_usage(texts: Sequence[str]) -> TokenUsage:
    """Upper bound of a batch's usage: a token is at least one byte of UTF-8, and a server frames each text."""
    size = sum(len(text.encode()) + FRAME_TOKENS for text in texts)
    return TokenUsage(prompt=size, completion=0)
