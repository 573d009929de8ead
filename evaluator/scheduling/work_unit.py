"""Unit of work for one machine, and its result. Both travel between machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evaluator.generation import Completion
from evaluator.models.chat_template import Example
from evaluator.runtime.resource_usage import ResourceUsage


@dataclass(frozen=True)
class TrainingSpec:
    """Training of a unit's model before evaluation."""

    examples: Sequence[Example]
    seed: int
    """Seed for the order of examples in each epoch."""


@dataclass(frozen=True)
class WorkUnit:
    """A model and its prompts."""

    name: str
    """Task name, for display."""
    key: str
    """Hash of all inputs that shape its answers."""
    prompts: Sequence[list[int]]
    limit: int
    """Limit of an answer, in tokens."""
    training: TrainingSpec | None = None
    """None prompts the base model."""


Units = Mapping[str, Callable[[], WorkUnit]]
"""Builders of units by key, in order. Called when a worker has room, and again for each retry."""


@dataclass(frozen=True)
class UnitResult:
    """Answers of a unit, in the order of its prompts."""

    key: str
    completions: Sequence[Completion]
    spent: ResourceUsage
