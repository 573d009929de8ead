"""Connection to any OpenAI-compatible address, for chat and for embedding models.

Only the client retries: after a time-out, a lost connection, and 408, 409, 429 and 5xx, after the delay in
`Retry-After` if present (up to two minutes), else with growing pauses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, Self, TypeVar

import openai

from evaluator.config.llm_settings import EmbeddingSettings, LLMConnection, LLMSettings
from evaluator.errors import ModelCallFailed
from evaluator.llm.client import ChatAnswer
from evaluator.llm.embeddings.embedding_client import EmbeddingAnswer
from evaluator.llm.errors import NOT_ASKED, count_retries, http_error, invalid_reply_error, timeout_error

M = TypeVar("M", bound=LLMSettings | EmbeddingSettings)
A = TypeVar("A", bound=ChatAnswer[Any] | EmbeddingAnswer)


class OpenAIConnection(Generic[M]):
    """Client of one model on the openai package. A context manager that closes its connections. Thread-safe."""

    def __init__(self, model: M, connection: LLMConnection, key: str) -> None:
        self._model = model
        self._connection = connection
        self._key = key
        self._client = openai.OpenAI(
            api_key=key or "none",
            base_url=connection.base_url,
            timeout=connection.timeout_seconds,
            max_retries=connection.retries,
        )

    def send_request(
        self, send: Callable[[], Any], parse: Callable[[bytes], A | str], refuse: Callable[[str, int], A]
    ) -> A:
        """Return the parsed answer of `send`, which returns a raw response; `parse` returns a fault as text.

        `refuse` makes the answer for a request that the server does not answer, from its reason and the retries.
        Raises ModelCallFailed.
        """
        # No error is chained: the client's errors contain the request, and servers may echo the key.
        try:
            raw = send()
        except openai.APIStatusError as error:
            if error.status_code == 400 and error.code in NOT_ASKED:
                return refuse(NOT_ASKED[error.code], count_retries(error))
            failure: ModelCallFailed = http_error(error, self._model, self._connection, self._key)
        except openai.APIConnectionError as error:
            failure = timeout_error(error, self._model, self._connection)
        else:
            answer = parse(raw.content)
            if not isinstance(answer, str):
                return replace(answer, retries=raw.retries_taken)
            failure = invalid_reply_error(answer, self._model, self._connection, raw.retries_taken)
        raise failure

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
