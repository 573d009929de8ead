"""Settings of a retriever (part of a protocol) and of the connection to a server (must not change a score)."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from evaluator.config.llm_settings import EmbeddingSettings
from submissions.records.base import Record


class DenseSettings(Record):
    """Embedding model of a dense index, with what it wants before texts."""

    model: EmbeddingSettings
    """Its prefix, such as `passage: ` for e5, is put before passages."""
    query_prefix: str = ""
    """Put before queries: `query: ` for e5."""


class RetrieverSettings(Record):
    """Everything that shapes the ranking of a retriever but its corpus."""

    backend: str = "tantivy"
    """A key of RETRIEVERS (evaluator/retrieval/backends.py)."""
    analyzer: str = "words@1"
    """Of `tantivy` and `exact`: a key of ANALYZERS (evaluator/retrieval/analyzer.py)."""
    k1: float = Field(default=1.2, ge=0, le=10)
    """Term saturation of BM25. Only `exact` admits other values than the default."""
    b: float = Field(default=0.75, ge=0, le=1)
    """Length normalization of BM25, likewise."""
    dense: DenseSettings | None = None
    """Of `dense`."""
    index_id: str = Field(default="", pattern=r"^[\w.@:-]{0,80}$")
    """Of `http`: the id of the index that the server must serve. Required if its /health names none."""


class RetrieverConnection(Record):
    """A retrieval server, or a server of embeddings."""

    url: str
    """Address to which `/retrieve`, or `/embeddings`, is appended: `http://127.0.0.1:8001`, `http://127.0.0.1:8000/v1`."""
    key_variable: str = ""
    """Environment variable with the API key; empty for a server without one."""
    timeout_seconds: float = Field(default=30, gt=0)
    """Time limit of each wait for the server, and of its whole answer once it begins."""
    retries: int = Field(default=2, ge=0, le=10)
    """Further tries after a time-out, a lost connection, or 408, 425, 429 and 5xx."""
    wait_seconds: float = Field(default=0, ge=0)
    """How long to wait for a server that still loads its index."""
    batch: int = Field(default=64, ge=1, le=256)
    """Queries, or passages to embed, of one call."""

    @model_validator(mode="after")
    def _check_address(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ValueError(
                "url: wanted http(s)://host[/path] without name, password or query; set the key with key_variable"
            )
        return self


class RetrieverFile(RetrieverSettings):
    """A settings file of the command line: the settings, and the server that `dense` and `http` need."""

    connection: RetrieverConnection | None = None
