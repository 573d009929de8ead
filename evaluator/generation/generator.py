"""Interface of generators: token ids in, texts out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from evaluator.runtime.resource_usage import ResourceUsage
from submissions.records.base import Record


class Completion(Record):
    """One generated answer."""

    text: str
    """Text without special tokens."""
    tokens: int
    """Generated tokens, the stop token included."""
    finished: bool
    """False if the limit truncated it."""


class Generator(Protocol):
    """Generates answers to prompts with any model of the base model's shape."""

    @property
    def last_usage(self) -> ResourceUsage:
        """Resource usage of the last call, without start-up, which serves many calls."""
        ...

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
        """Generate one completion per prompt, in order, from the weights in `model`. Raises EvaluatorError."""
        ...

    def release_devices(self) -> None:
        """Free the accelerators' memory until the next call."""
        ...

    def close(self) -> None:
        """End all processes; a later call starts them again."""
        ...
