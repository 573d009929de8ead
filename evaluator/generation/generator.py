"""The seam: token ids in, texts out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from evaluator.runtime.resource_usage import ResourceUsage
from submissions.records.base import Record


class Completion(Record):
    """One answer."""

    text: str
    """Without special tokens."""
    tokens: int
    """Generated tokens, the stop token included."""
    finished: bool
    """False if the limit cut it off."""


class Generator(Protocol):
    """Answers prompts with any model of the base model's shape."""

    @property
    def last_usage(self) -> ResourceUsage:
        """What the last call took; starting what it needs is left out, for it serves many calls."""
        ...

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
        """One completion per prompt, in order, from the weights in `model`. Raises EvaluatorError."""
        ...

    def release_devices(self) -> None:
        """Give the accelerators' memory back until the next call."""
        ...

    def close(self) -> None:
        """End what runs; a later call starts it again."""
        ...
