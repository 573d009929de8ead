"""Chat model at any OpenAI-compatible address, with JSON of a strict schema as output.

Only the client retries: after a time-out, a lost connection, and 408, 409, 429 and 5xx, after the delay in
`Retry-After` if present (up to two minutes), else with growing pauses.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import openai

from evaluator.config.llm_settings import LLMConnection, LLMSettings
from evaluator.errors import ModelCallFailed
from evaluator.llm.client import ChatAnswer, R
from evaluator.llm.errors import NOT_ASKED, count_retries, http_error, invalid_reply_error, timeout_error
from evaluator.llm.parse_reply import parse_reply
from evaluator.llm.prompts import Prompt
from evaluator.llm.schema import strict_schema


class OpenAIChat:
    """Chat client on the openai package. A context manager that closes its connections. Thread-safe."""

    def __init__(self, model: LLMSettings, connection: LLMConnection, key: str) -> None:
        self._model = model
        self._connection = connection
        self._key = key
        self._client = openai.OpenAI(
            api_key=key or "none",
            base_url=connection.base_url,
            timeout=connection.timeout_seconds,
            max_retries=connection.retries,
        )

    def request(self, prompt: Prompt, schema: type[R]) -> ChatAnswer[R]:
        model, form = self._model, strict_schema(schema)
        # No error is chained: the client's errors contain the request, and servers may echo the key.
        try:
            raw = self._client.chat.completions.with_raw_response.create(
                model=model.name,
                messages=[{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": form["title"], "schema": form, "strict": True},
                },
                max_completion_tokens=model.max_completion_tokens,
                temperature=openai.omit if model.temperature is None else model.temperature,
                seed=openai.omit if model.seed is None else model.seed + prompt.repeat,
            )
        except openai.APIStatusError as error:
            if error.status_code == 400 and error.code in NOT_ASKED:
                return ChatAnswer(None, NOT_ASKED[error.code], retries=count_retries(error))
            failure: ModelCallFailed = http_error(error, model, self._connection, self._key)
        except openai.APIConnectionError as error:
            failure = timeout_error(error, model, self._connection)
        else:
            answer = parse_reply(raw.content, model, schema)
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
