"""Interface of chat clients: a prompt and a schema in; a record, or the reason for none, out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import Field

from evaluator.llm.prompts import Prompt
from submissions.records.base import Record

R = TypeVar("R", bound=Record)


class TokenUsage(Record):
    """Token usage of calls."""

    prompt: int = Field(ge=0)
    completion: int = Field(ge=0)
    """Completion tokens, including hidden reasoning."""


@dataclass(frozen=True)
class ChatAnswer(Generic[R]):
    """Answer of a chat model."""

    record: R | None
    """The parsed answer, or None if it is unreadable."""
    why: str | None = None
    """Reason for a missing record. Never quotes the model, whose words may repeat hidden data."""
    usage: TokenUsage | None = None
    """Server's count for the last try; None where the server reports none, or nothing was sent."""
    retries: int = 0
    """Tries sent before the last one, without an answer that arrived."""


class ChatClient(Protocol):
    """Client that answers prompts in a given schema."""

    def request(self, prompt: Prompt, schema: type[R]) -> ChatAnswer[R]:
        """Return the model's answer. Raises ChatFailed where the model cannot be reached, and BudgetSpent."""
        ...
