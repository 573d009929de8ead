"""Embedding model at any OpenAI-compatible address. Only the client retries, as for a chat model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import openai

from evaluator.config.llm_settings import EmbeddingSettings, LLMConnection
from evaluator.errors import ModelCallFailed
from evaluator.llm.embeddings.embedding_client import EmbeddingAnswer
from evaluator.llm.embeddings.parse_embeddings import parse_embeddings
from evaluator.llm.errors import NOT_ASKED, count_retries, http_error, invalid_reply_error, timeout_error


class OpenAIEmbeddings:
    """Embedding client on the openai package. A context manager that closes its connections. Thread-safe."""

    def __init__(self, model: EmbeddingSettings, connection: LLMConnection, key: str) -> None:
        self._model = model
        self._connection = connection
        self._key = key
        self._client = openai.OpenAI(
            api_key=key or "none",
            base_url=connection.base_url,
            timeout=connection.timeout_seconds,
            max_retries=connection.retries,
        )

    def embed(self, texts: Sequence[str]) -> EmbeddingAnswer:
        model = self._model
        # No error is chained: the client's errors contain the request, and servers may echo the key.
        try:
            raw = self._client.embeddings.with_raw_response.create(
                model=model.name,
                input=list(texts),
                encoding_format="float",  # every server has it, unlike base64
                dimensions=openai.omit if model.dimensions is None else model.dimensions,
            )
        except openai.APIStatusError as error:
            if error.status_code == 400 and error.code in NOT_ASKED:
                return EmbeddingAnswer(None, NOT_ASKED[error.code], retries=count_retries(error))
            failure: ModelCallFailed = http_error(error, model, self._connection, self._key)
        except openai.APIConnectionError as error:
            failure = timeout_error(error, model, self._connection)
        else:
            answer = parse_embeddings(raw.content, model, len(texts))
            if not isinstance(answer, str):
                return replace(answer, retries=raw.retries_taken)
            failure = invalid_reply_error(answer, model, self._connection, raw.retries_taken)
        raise failure

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
