"""Complete embedding client: the OpenAI client with a budget and a cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from evaluator.config.llm_settings import EmbeddingSettings, LLMConnection
from evaluator.llm.budget import Budget
from evaluator.llm.embeddings.budgeted_embeddings import BudgetedEmbeddings
from evaluator.llm.embeddings.cached_embeddings import CachedEmbeddings
from evaluator.llm.embeddings.embedding_client import EmbeddingClient
from evaluator.llm.embeddings.openai_embeddings import OpenAIEmbeddings
from evaluator.llm.open_client import read_api_key


@contextmanager
def open_embeddings(
    model: EmbeddingSettings, connection: LLMConnection, environ: Mapping[str, str], path: Path, ledger: str
) -> Iterator[EmbeddingClient]:
    """Open a client that answers from the file at `path`, else the server, counted in `ledger`.

    Raises EmbeddingFailed without a key.
    """
    budget = Budget(connection, path, ledger, "embedding model")
    with OpenAIEmbeddings(model, connection, read_api_key(connection, environ, model)) as server:
        yield CachedEmbeddings(BudgetedEmbeddings(server, budget), model, path)
