"""Interfaces of a search agent's tools: the model's steps, and the frame of its text as token ids.

Its third tool is a Retriever (evaluator/retrieval/retriever.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from evaluator.generation import GeneratedStep, SteppingGenerator
from evaluator.runtime.resource_usage import ResourceUsage


class StepGenerator(Protocol):
    """Continues texts, each to a stop string or to its own limit of tokens."""

    def generate_steps(
        self, prompts: Sequence[Sequence[int]], limits: Sequence[int], stop: Sequence[str], *, follows_last: bool
    ) -> list[GeneratedStep]:
        """Generate one step per prompt, in order. `follows_last`: the prompts continue those of the last call."""
        ...


class AgentFrame(Protocol):
    """Chat template and tokenizer; every ChatTemplate is one."""

    def build_prompt(self, question: str) -> list[int]:
        """Ids of a user's message up to the assistant's answer."""
        ...

    def encode_text(self, text: str) -> list[int]:
        """Ids of plain text, control tokens in it spelled out as text."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids."""
        ...


class ModelSteps:
    """Steps of one model, and what they cost."""

    def __init__(self, generator: SteppingGenerator, model: Path) -> None:
        self._generator = generator
        self._model = model
        self.usage = ResourceUsage(seconds=0)
        """Sum over all calls."""

    def generate_steps(
        self, prompts: Sequence[Sequence[int]], limits: Sequence[int], stop: Sequence[str], *, follows_last: bool
    ) -> list[GeneratedStep]:
        """Generate with the model. Raises EvaluatorError."""
        steps = self._generator.generate_steps(self._model, prompts, limits, stop, follows_last=follows_last)
        self.usage = self.usage + self._generator.last_usage
        return steps
