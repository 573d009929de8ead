"""A protocol's prompt frame and the facts of its evaluations, for readers without the evaluator."""

from __future__ import annotations

from pydantic import Field

from submissions.records.base import Record, Sha256
from submissions.records.machine_speed import Machine


class EvalSetLoad(Record):
    """Work of a model on a task's test rows. Discloses only their number and lengths."""

    items: float = Field(ge=0)
    """Number of test rows asked."""
    question_tokens: float = Field(ge=0)
    """Mean tokens of a prompt without shots."""
    answer_tokens: float = Field(ge=0)
    """Mean tokens of a reference's answer: the output of a model that has learned the task."""
    limit_tokens: float = Field(ge=0)
    """Token limit of an answer: the output of a model that does not stop."""


class PlanningFacts(Record):
    """Facts for estimating an evaluation's time before any was measured."""

    machine: Machine
    """Machine of the evaluator that published this."""
    shots: tuple[int, ...]
    draws: int = Field(ge=0)
    """Independent draws of shots, each asked on all test rows."""
    max_prompt_tokens: int = Field(ge=1)
    exam: EvalSetLoad
    """Mean over the benchmark's tasks."""


class PromptFrame(Record):
    """Text around a row's input and output in training, with control tokens written out as text."""

    protocol: str
    before: str
    """Text before the input."""
    between: str
    """Text between input and output."""
    after: str
    """Text after the output."""
    max_tokens: int = Field(ge=1)
    """A longer row is cut to this many tokens."""
    bytes_per_token: float = Field(gt=0)
    """Mean bytes of UTF-8 per token, measured on the public demands."""
    epochs: float = Field(gt=0)
    max_rows: int = Field(ge=1)
    """Number of rows trained on."""
    protocol_sha256: Sha256 | None = Field(default=None, exclude_if=lambda version: version is None)
    """Hash of the protocol today; results of another one are not ranked."""
    benchmark_sha256: Sha256 | None = Field(default=None, exclude_if=lambda version: version is None)
    """Hash of the benchmark today, as results carry it; None if it is not known."""
    planning: PlanningFacts | None = None
    """Facts for estimates; None from older evaluators: then estimates need measured evaluations."""
