"""The canary: what a trained model said of one training row, for the engine that loads the model to say as well."""

from __future__ import annotations

from submissions.models import Record

FILE = "canary.json"
"""In the folder of a trained model."""


class Canary(Record):
    """Log-probabilities of one row's target tokens, by the trainer's own forward pass."""

    ids: tuple[int, ...]
    """Tokens of prompt and target."""
    start: int
    """Index in `ids` of the first target token."""
    logprobs: tuple[float, ...]
    """Natural log-probability of each target token under the trained weights."""
    base_logprobs: tuple[float, ...]
    """The same under the base weights, before training."""
