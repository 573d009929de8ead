"""Cache of chat answers, keyed by a hash of all inputs that shaped them.

It stores records only. The next run repeats a request that was refused or whose answer is unreadable: it may succeed
then, and a failure must never be final by accident. The file is private, as answers may mention hidden references.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from evaluator.config.llm_settings import LLMSettings
from evaluator.llm.client import ChatAnswer, ChatClient, R
from evaluator.llm.database import open_transaction
from evaluator.llm.prompts import Prompt
from evaluator.llm.schema import schema_text
from evaluator.runtime.stage_cache import cache_key


@dataclass(frozen=True)
class CachedChat:
    """Chat client that forwards only requests without a cached answer. Thread-safe."""

    chat: ChatClient
    model: LLMSettings
    path: Path

    def request(self, prompt: Prompt, schema: type[R]) -> ChatAnswer[R]:
        key = self.request_key(prompt, schema)
        if (found := self._lookup(key, schema)) is not None:
            return ChatAnswer(found)
        answer = self.chat.request(prompt, schema)
        if answer.record is not None:
            with open_transaction(self.path) as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, answer.record.model_dump_json())
                )
        return answer

    def request_key(self, prompt: Prompt, schema: type[R]) -> str:
        """Hash of model, snapshot, decoding, prompt file and version, filled text, schema and repeat.

        The address is not part of it: a model may move.
        """
        return cache_key("chat@1", self.model, prompt, schema_text(schema))

    def _lookup(self, key: str, schema: type[R]) -> R | None:
        with open_transaction(self.path) as connection:
            row = connection.execute("SELECT record FROM answers WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        try:
            return schema.model_validate_json(row[0])
        except ValidationError:
            return None  # written by a version that checked less: ask again
