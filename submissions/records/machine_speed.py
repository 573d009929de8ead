"""How fast an evaluator's machine is held to be before anything was measured on it."""

from __future__ import annotations

from pydantic import Field

from submissions.records.base import Record


class Speed(Record):
    """How fast a station is before anything was measured; the profile's file says where each figure comes from."""

    start_seconds: float = Field(ge=0)
    """Until trainer and engines are ready, once for a station."""
    screened_rows: float = Field(gt=0)
    """Delivered rows that are compared with the hidden ones in a second, on the host of the whole evaluation."""
    trained_tokens: float = Field(gt=0)
    """Tokens of prompt and target that all its devices train in a second."""
    training_seconds: float = Field(ge=0)
    """Of each training, whatever its size: weights reset, gathered, written and loaded by the engines."""
    prompt_tokens: float = Field(gt=0)
    """Prompt tokens that all its engines read in a second."""
    generated_tokens: float = Field(gt=0)
    """Tokens that all its engines write in a second."""
    doubt: float = Field(default=2.0, ge=1)
    """The machine may turn out this many times faster, or slower."""


class Machine(Record):
    """A profile's public side: what one needs to reckon how long work takes there, and what it costs."""

    profile: str
    devices: int = Field(ge=1)
    """Accelerators of a station; 1 for a machine without any."""
    hour_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """US dollars for one device for one hour; None names no price."""
    speed: Speed
