"""Settings of a chat model (part of a protocol), of an embedding model, and of the connection to a server."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from submissions.records.base import Record


class LLMSettings(Record):
    """A chat model and its decoding settings."""

    name: str = Field(min_length=1)
    """Model name on the server."""
    snapshot: str = Field(min_length=1)
    """Exact version behind the name: a dated name or a revision, never an alias such as `latest`."""
    temperature: float | None = Field(default=None, ge=0)
    """None is not sent: reasoning models take no temperature."""
    seed: int | None = None
    """Seed of the first repeat, counted up for each further one. None is not sent."""
    max_completion_tokens: int = Field(ge=1)
    """Limit that includes reasoning tokens. A truncated answer is unscored."""


class EmbeddingSettings(Record):
    """An embedding model and its options. Part of no protocol: no score depends on one."""

    name: str = Field(min_length=1)
    """Model name on the server."""
    snapshot: str = Field(min_length=1)
    """Exact version behind the name, as for a chat model."""
    dimensions: int | None = Field(default=None, ge=1)
    """Numbers of a vector, for models that can shorten it. None is not sent."""
    prefix: str = ""
    """Text before each text, for models that were trained with one, such as `query: `."""
    max_characters: int = Field(default=8000, ge=100)
    """Characters sent of a text, the first ones: within the model's context length."""


class LLMConnection(Record):
    """A server of a chat or embedding model, with its limits and budget. Must not change a score."""

    base_url: str
    """Address up to and including the version, for example `http://127.0.0.1:8000/v1`."""
    key_variable: str = ""
    """Environment variable with the API key; empty for a server without one."""
    at_once: int = Field(default=8, ge=1)
    """Maximum number of concurrent calls."""
    timeout_seconds: float = Field(default=120, gt=0)
    """Timeout for a silent server, in seconds."""
    retries: int = Field(default=5, ge=0)
    """Retries by the client after a time-out, a lost connection, or 408, 409, 429 and 5xx."""
    budget_tokens: int = Field(ge=0)
    """Budget of prompt and completion tokens together, over all runs that share a ledger."""
    budget_money: float = Field(default=0, ge=0)
    """Budget in the currency of the prices. Required as soon as a price is set."""
    prompt_price: float = Field(default=0, ge=0)
    """Price per million prompt tokens."""
    completion_price: float = Field(default=0, ge=0)
    """Price per million completion tokens."""

    @model_validator(mode="after")
    def _check_address(self) -> Self:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ValueError(
                "base_url: wanted http(s)://host/v1 without name, password or query; set the key with key_variable"
            )
        if (self.prompt_price or self.completion_price) and not self.budget_money:
            raise ValueError("budget_money: calls have a price, so set a spending limit")
        return self
