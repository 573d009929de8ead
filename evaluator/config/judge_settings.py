"""Settings of the metadata judge, as part of a protocol."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from evaluator.config.llm_settings import LLMSettings
from submissions.records.base import Record


class JudgeSettings(Record):
    """All settings that shape a metadata score."""

    scoring: Literal["metadata@1"]
    """Nine dimensions, six of them averaged, null scores 0 (evaluator/stages/metadata/verdict.py, aggregate.py)."""
    missing: Literal["zero", "left_out"]
    """Scoring of a task without a data set.

    `zero`: 0 in every dimension that its reference has (arena@1). `left_out`: excluded from the means, as in the
    published averages (paper@1).
    """
    judge_prompt: str
    """Name and version, for example `judge@1`."""
    describe_prompt: str
    """Name and version, for example `describe@1`."""
    repeats: int = Field(ge=1)
    """Verdicts per task; the score is their mean."""
    shown_rows: int = Field(ge=1)
    """Number of first rows of the delivered data that a description is written from."""
    shown_characters: int = Field(ge=1)
    """Limit for each text in a description and in a row; the rest is cut off."""
    model: LLMSettings
    """Model of the judge; it writes the descriptions, too."""
