"""Interface of generators: token ids in, texts out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

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


class GeneratedStep(Record):
    """One generated part of a text that goes on, as token ids, so that nothing is tokenized twice."""

    ids: tuple[int, ...]
    """Generated tokens, the stop token included."""
    text: str
    """Text up to the end of the stop string, without special tokens."""
    surplus: str = ""
    """Text of the last token behind the stop string: a token may be longer than the string's rest."""
    end: Literal["stop_string", "end_of_turn", "length"]


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


class SteppingGenerator(Protocol):
    """Generator that also continues texts, as a search agent needs it."""

    @property
    def last_usage(self) -> ResourceUsage:
        """Resource usage of the last call."""
        ...

    def generate_steps(
        self,
        model: Path,
        prompts: Sequence[Sequence[int]],
        limits: Sequence[int],
        stop: Sequence[str],
        *,
        follows_last: bool = False,
    ) -> list[GeneratedStep]:
        """Generate one step per prompt, in order, each to one of the stop strings or to its own limit of tokens.

        `follows_last` says that the prompts continue those of the last call, whose cached prefixes then serve again.
        Raises EvaluatorError.
        """
        ...
