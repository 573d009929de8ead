"""The four backends of retrievers, by name. Each loads its library when it is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluator.config.retriever_settings import RetrieverConnection, RetrieverSettings
from evaluator.retrieval.engines.engine import Engine
from evaluator.retrieval.retriever import Retriever
from submissions.errors import NotFound


@dataclass(frozen=True)
class RetrieverSource:
    """Where a retriever finds its passages."""

    corpus: Path | None = None
    """Of all backends but `http`."""
    index: Path | None = None
    """Folder of the index; None for the one beside the corpus."""
    connection: RetrieverConnection | None = None
    """Of `http`, and of the embeddings of `dense`."""
    environ: Mapping[str, str] = field(default_factory=dict)


def open_retriever(settings: RetrieverSettings, source: RetrieverSource) -> Retriever:
    """Open a retriever, building its index first if there is none. Raises NotFound, or RetrieverError."""
    if settings.backend not in RETRIEVERS:
        raise NotFound(f"No retriever {settings.backend!r}; there are: {', '.join(RETRIEVERS)}.")
    return RETRIEVERS[settings.backend](settings, source)


def make_engine(settings: RetrieverSettings, source: RetrieverSource) -> Engine[Any]:
    """The engine of an embedded backend. Raises NotFound for `http`, which has no index of its own."""
    if settings.backend not in ENGINES:
        raise NotFound(f"{settings.backend!r} makes no index; these do: {', '.join(ENGINES)}.")
    return ENGINES[settings.backend](settings, source)


def _open_embedded(settings: RetrieverSettings, source: RetrieverSource) -> Retriever:
    from evaluator.retrieval import index_folder

    if source.corpus is None:
        raise NotFound(f"The retriever {settings.backend!r} needs a corpus: name it with --corpus.")
    folder = source.index or index_folder.default_index_folder(source.corpus, settings.backend)
    return index_folder.open_index_retriever(make_engine(settings, source), source.corpus, folder)


def _open_http(settings: RetrieverSettings, source: RetrieverSource) -> Retriever:
    from evaluator.retrieval.http_retriever import open_http_retriever

    return open_http_retriever(_require_connection(settings, source), source.environ, settings.index_id)


def _make_tantivy(settings: RetrieverSettings, _source: RetrieverSource) -> Engine[Any]:
    from evaluator.retrieval.analyzer import find_analyzer
    from evaluator.retrieval.engines.tantivy_engine import K1, B, TantivyEngine

    if (settings.k1, settings.b) != (K1, B):
        raise NotFound(f"tantivy has k1 {K1} and b {B} only: use the backend 'exact' for others.")
    return TantivyEngine(find_analyzer(settings.analyzer))


def _make_exact(settings: RetrieverSettings, _source: RetrieverSource) -> Engine[Any]:
    from evaluator.retrieval.analyzer import find_analyzer
    from evaluator.retrieval.engines.exact_engine import ExactEngine

    return ExactEngine(find_analyzer(settings.analyzer), settings.k1, settings.b)


def _make_dense(settings: RetrieverSettings, source: RetrieverSource) -> Engine[Any]:
    from evaluator.config.llm_settings import LLMConnection
    from evaluator.llm.embeddings.openai_embeddings import OpenAIEmbeddings
    from evaluator.llm.open_client import read_api_key
    from evaluator.retrieval.engines.dense_engine import DenseEngine
    from evaluator.retrieval.engines.passage_embedder import PassageEmbedder

    stated = _require_connection(settings, source)
    if settings.dense is None:
        raise NotFound("The retriever 'dense' needs an embedding model: name it in [dense.model] of its settings.")
    connection = LLMConnection(
        base_url=stated.url,
        key_variable=stated.key_variable,
        timeout_seconds=stated.timeout_seconds,
        retries=stated.retries,
        budget_tokens=0,  # nothing counts against it: a corpus is embedded once
    )
    model = settings.dense.model
    client = OpenAIEmbeddings(model, connection, read_api_key(connection, source.environ, model))
    return DenseEngine(PassageEmbedder(client, settings.dense, stated.batch, client.close), settings.dense)


def _require_connection(settings: RetrieverSettings, source: RetrieverSource) -> RetrieverConnection:
    if source.connection is None:
        raise NotFound(f"The retriever {settings.backend!r} needs a server: name its url in [connection].")
    return source.connection


ENGINES: Mapping[str, Callable[[RetrieverSettings, RetrieverSource], Engine[Any]]] = {
    "tantivy": _make_tantivy,
    "exact": _make_exact,
    "dense": _make_dense,
}
"""Engines that make an index of a corpus."""
RETRIEVERS: Mapping[str, Callable[[RetrieverSettings, RetrieverSource], Retriever]] = {
    **dict.fromkeys(ENGINES, _open_embedded),
    "http": _open_http,
}
"""All backends. `tantivy` is the default."""
