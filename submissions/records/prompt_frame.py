"""How a protocol shows a row to the model, and what its evaluations do, for whoever is not the evaluator."""

from __future__ import annotations

from pydantic import Field

from submissions.records.base import Record
from submissions.records.machine_speed import Machine


class EvalSetLoad(Record):
    """How much a task asks of a model. Of hidden rows it says no more than how many and how long."""

    items: float = Field(ge=0)
    """Test rows that are asked."""
    question_tokens: float = Field(ge=0)
    """Of a prompt without shots, on average."""
    answer_tokens: float = Field(ge=0)
    """Of a reference's answer, on average: what a model writes that has learned the task."""
    limit_tokens: float = Field(ge=0)
    """The most that an answer may have: what a model writes that does not stop."""


class PlanningFacts(Record):
    """What is needed to reckon how long an evaluation will take before any was measured."""

    machine: Machine
    """Of the evaluator that published this."""
    shots: tuple[int, ...]
    draws: int = Field(ge=0)
    """Independent draws of shots, each an exam of its own."""
    max_prompt_tokens: int = Field(ge=1)
    exam: EvalSetLoad
    """The mean over the benchmark's tasks."""


class PromptFrame(Record):
    """What stands around a row's input and output in training, tokens that frame them written out as text."""

    protocol: str
    before: str
    """Before the input."""
    between: str
    """Between input and output."""
    after: str
    """After the output."""
    max_tokens: int = Field(ge=1)
    """A longer row is cut to this many tokens."""
    bytes_per_token: float = Field(gt=0)
    """How many bytes of UTF-8 one token holds on average, measured on the public demands."""
    epochs: float = Field(gt=0)
    max_rows: int = Field(ge=1)
    """Rows that are trained on."""
    planning: PlanningFacts | None = None
    """None in what older evaluators published: then nothing is foretold before it was measured."""
