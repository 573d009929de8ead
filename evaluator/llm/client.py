"""The seam: a prompt and a schema in, a record or the reason why there is none out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import Field

from evaluator.llm.prompts import Prompt
from submissions.records.base import Record

R = TypeVar("R", bound=Record)


class TokenUsage(Record):
    """What calls took, in tokens."""

    prompt: int = Field(ge=0)
    completion: int = Field(ge=0)
    """Including those of reasoning that is not shown."""


@dataclass(frozen=True)
class ChatAnswer(Generic[R]):
    """What a model said."""

    record: R | None
    """The answer, or None if it cannot be read."""
    why: str | None = None
    """Why there is no record. In our words only: a model's words may repeat what is hidden."""
    usage: TokenUsage | None = None
    """As the server counted it for the last try; None where it does not say, or nothing was asked."""
    retries: int = 0
    """Tries that were sent before the last one, and had no answer that came."""


class ChatClient(Protocol):
    """Answers prompts in a given form."""

    def request(self, prompt: Prompt, schema: type[R]) -> ChatAnswer[R]:
        """The model's answer. Raises ChatFailed where the model could not be asked at all, and BudgetSpent."""
        ...
