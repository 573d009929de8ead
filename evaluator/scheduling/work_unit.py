"""A piece of work that fits one machine, and what comes of it. Both travel between machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evaluator.generation import Completion
from evaluator.models.chat_template import Example
from evaluator.runtime.resource_usage import ResourceUsage


@dataclass(frozen=True)
class TrainingSpec:
    """What a model is made of before it is asked."""

    examples: Sequence[Example]
    seed: int
    """Orders the examples of each epoch."""


@dataclass(frozen=True)
class WorkUnit:
    """A model and what it is asked."""

    name: str
    """Of its task, for whoever watches."""
    key: str
    """The hash of all that shapes its answers."""
    prompts: Sequence[list[int]]
    limit: int
    """Of an answer, in tokens."""
    training: TrainingSpec | None = None
    """None asks the base model."""


Units = Mapping[str, Callable[[], WorkUnit]]
"""By key, in order: how each unit is made. It is made when somebody has room for it, and anew for another try."""


@dataclass(frozen=True)
class UnitResult:
    """A unit's answers, in the order of its prompts."""

    key: str
    completions: Sequence[Completion]
    spent: ResourceUsage
