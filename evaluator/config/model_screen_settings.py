"""Settings of the organisers' model screen, from a file. Part of no protocol: its finding changes no score."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from evaluator.config.llm_settings import EmbeddingSettings, LLMConnection, LLMSettings
from submissions.records.base import Record


class EmbeddingStage(Record):
    """Search of candidates by the similarity of vectors."""

    model: EmbeddingSettings
    connection: LLMConnection
    threshold: float | None = Field(default=None, ge=-1, le=1)
    """Minimum cosine of a pair. None takes each task's own, see `chance`."""
    chance: float = Field(default=0.01, gt=0, lt=1)
    """Share of test rows that are nearer to another test row than the task's own threshold."""
    batch: int = Field(default=64, ge=1)
    """Texts of one call."""


class JudgeStage(Record):
    """Verdicts of a chat model on candidates."""

    model: LLMSettings
    connection: LLMConnection
    prompt: str = "compare_rows@1"
    """Name and version of the prompt in `prompts/model_screen/`."""
    shown_characters: int = Field(default=4000, ge=100)
    """Limit for the input and the output of a shown row; the rest is cut off."""


class ModelScreenSettings(Record):
    """One stage or both, and how many pairs they look at."""

    embedding: EmbeddingStage | None = None
    """None: the nearest test rows are those with the most letters in common."""
    judge: JudgeStage | None = None
    """None: a pair is reported for its similarity alone."""
    compared: Literal["row", "input"] = "row"
    """Text of a row that decides which test rows are near: its input and output, or its input alone."""
    neighbours: int = Field(default=1, ge=1, le=50)
    """Nearest test rows of a delivered row that can be candidates."""
    max_rows: int = Field(default=1000, ge=1)
    """Delivered rows of a task that are compared: the first ones that are no copies, as many as a training uses."""
    max_pairs: int = Field(default=200, ge=1)
    """Candidates of a task that are reported or judged, the most similar ones."""

    @model_validator(mode="after")
    def _has_a_stage(self) -> Self:
        if self.embedding is None and self.judge is None:
            raise ValueError("the file has neither [embedding] nor [judge]: name at least one model")
        return self
