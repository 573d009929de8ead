"""What is asked (shapes numbers, belongs to a protocol), and how it is reached (must not change them)."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from submissions.records.base import Record


class LLMSettings(Record):
    """A model and how it answers."""

    name: str = Field(min_length=1)
    """What the server calls it."""
    snapshot: str = Field(min_length=1)
    """The exact version behind the name: a dated name or a revision, never an alias such as `latest`."""
    temperature: float | None = Field(default=None, ge=0)
    """None is not sent: reasoning models take no temperature."""
    seed: int | None = None
    """Seed of the first repeat, counted up for each further one. None is not sent."""
    max_completion_tokens: int = Field(ge=1)
    """Reasoning included. An answer that is cut off is unscored."""


class LLMConnection(Record):
    """A server, and how much may be asked of it."""

    base_url: str
    """Up to and including the version, for example `http://127.0.0.1:8000/v1`."""
    key_variable: str = ""
    """The environment variable that holds the key; empty for a server that wants none."""
    at_once: int = Field(default=8, ge=1)
    """Calls in flight at the same time."""
    timeout_seconds: float = Field(default=120, gt=0)
    """How long the server may be silent."""
    retries: int = Field(default=5, ge=0)
    """Further tries of the client after a time-out, a lost connection, or 408, 409, 429 and 5xx."""
    budget_tokens: int = Field(ge=0)
    """Prompt and completion together, over all runs that share a ledger."""
    budget_money: float = Field(default=0, ge=0)
    """In the currency of the prices. Needed as soon as there is a price."""
    prompt_price: float = Field(default=0, ge=0)
    """Per million tokens."""
    completion_price: float = Field(default=0, ge=0)
    """Per million tokens."""

    @model_validator(mode="after")
    def _check_address(self) -> Self:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ValueError(
                "base_url: wanted http(s)://host/v1 without name, password or query; the key has its own place"
            )
        if (self.prompt_price or self.completion_price) and not self.budget_money:
            raise ValueError("budget_money: calls have a price, so say how much may be spent")
        return self
