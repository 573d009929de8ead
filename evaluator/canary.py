"""The canary: what the trainer says of one sequence, so that an engine can show which weights it answers with.

An engine that kept the old weights, or woke with none, answers fluently or in garbage but without an error. The trainer
therefore leaves the log-probabilities of one training example beside each model, and no answer of an engine is used
before it gave the same ones.
"""

from __future__ import annotations

from pydantic import Field

from submissions.models import Record

FILE = "canary.json"
"""In the folder of a trained model; it appears with the model."""


class Canary(Record):
    """One sequence and how likely its target tokens are, in natural logarithms."""

    ids: tuple[int, ...] = Field(min_length=2)
    """Token ids of prompt and target."""
    start: int = Field(ge=1)
    """Index in `ids` of the first target token."""
    logprobs: tuple[float, ...]
    """Of each target token, from `ids[start]` on, under the trained weights, by the trainer."""
    base_logprobs: tuple[float, ...]
    """The same under the base weights."""
