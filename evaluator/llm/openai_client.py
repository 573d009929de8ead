"""Chat model at any OpenAI-compatible address, with JSON of a strict schema as output."""

from __future__ import annotations

import openai

from evaluator.config.llm_settings import LLMSettings
from evaluator.llm.client import ChatAnswer, R
from evaluator.llm.openai_connection import OpenAIConnection
from evaluator.llm.parse_reply import parse_reply
from evaluator.llm.prompts import Prompt
from evaluator.llm.schema import strict_schema


class OpenAIChat(OpenAIConnection[LLMSettings]):
    """Chat client on the openai package."""

    def request(self, prompt: Prompt, schema: type[R]) -> ChatAnswer[R]:
        model, form = self._model, strict_schema(schema)
        return self.send_request(
            lambda: self._client.chat.completions.with_raw_response.create(
                model=model.name,
                messages=[{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": form["title"], "schema": form, "strict": True},
                },
                max_completion_tokens=model.max_completion_tokens,
                temperature=openai.omit if model.temperature is None else model.temperature,
                seed=openai.omit if model.seed is None else model.seed + prompt.repeat,
            ),
            lambda content: parse_reply(content, model, schema),
            lambda why, retries: ChatAnswer(None, why, retries=retries),
        )
