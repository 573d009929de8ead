"""Assumed speed of an evaluator's machine before any measurement on it."""

from __future__ import annotations

from pydantic import Field

from submissions.records.base import Record


class Speed(Record):
    """Speed of a worker before any measurement; the profile's file gives the source of each figure."""

    start_seconds: float = Field(ge=0)
    """Seconds until trainer and engines are ready, once for a worker."""
    screened_rows: float = Field(gt=0)
    """Delivered rows compared with the hidden ones per second, on the host of the whole evaluation."""
    trained_tokens: float = Field(gt=0)
    """Tokens of prompt and target that all of a worker's devices train per second."""
    training_seconds: float = Field(ge=0)
    """Fixed seconds of each training: weights reset, gathered, written and loaded by the engines."""
    prompt_tokens: float = Field(gt=0)
    """Prompt tokens that all of a worker's engines read per second."""
    generated_tokens: float = Field(gt=0)
    """Tokens that all of a worker's engines generate per second."""
    doubt: float = Field(default=2.0, ge=1)
    """Factor by which the machine may turn out faster, or slower."""


class Machine(Record):
    """Public side of a profile: the facts for estimating time and price of work on the machine."""

    profile: str
    devices: int = Field(ge=1)
    """Accelerators of a worker; 1 for a machine without any."""
    hour_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Price of one device for one hour in US dollars; None without a price."""
    speed: Speed
