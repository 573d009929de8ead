"""What is published of the screen's and the judge's findings: counts and scores, no word of a hidden row."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from submissions.records.base import Record, Score

Origin = Literal["submitted", "generated", "missing"]
"""Who wrote a data set's description: the submitter, our own prompt, or nobody, for there is no data set."""


class Quantiles(Record):
    """Of a length over all rows, to the nearest row."""

    least: int
    median: int
    p95: int
    most: int


class ScreenFindings(Record):
    """What the screen found in one task's delivered rows. Lines are those of the submitter's own file, from 1."""

    exact: int = Field(ge=0)
    """Rows whose input is a hidden test row's, letter for letter."""
    normalised: int = Field(ge=0)
    """Rows whose input differs from a test row's in case, blanks, signs or character form only."""
    near: int = Field(ge=0)
    """Rows that are a test row with small changes."""
    removed_lines: tuple[int, ...]
    """Lines of the stored data file that were taken out for one of the three."""
    repeated: int = Field(ge=0)
    """Rows that an earlier row says already. They stay."""
    degenerate: int = Field(ge=0)
    """Rows without a letter or digit, of one character over and over, far too long, or whose output is the input."""
    other_script: int = Field(ge=0)
    """Rows whose output is mostly in scripts that the task's language is not written in."""
    tokens: Quantiles | None
    """Input and output together, estimated from their bytes; None without rows."""
    output_scripts: dict[str, float]
    """Share of the outputs' letters by Unicode script, most first."""


class JudgeScores(Record):
    """A submission's metadata scores, 0 to 10. Shown, never ranked. Holds no word of the judge."""

    dimensions: tuple[Score, ...]
    """Means over tasks, one per dimension; `n` is the number of tasks."""
    average: Score
    """Mean of the six dimension means that the paper averages; `n` is the number of tasks."""
    origins: dict[Origin, int]
    """How many tasks were described by whom."""
    model: str
    snapshot: str
    prompts: tuple[str, ...]
    """Name and version of the prompts that judged and described."""
