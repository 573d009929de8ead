"""Published findings of the screen, of the judge, and of a single track: no word of a hidden row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny

from submissions.records.base import Key, Record, Score

Origin = Literal["submitted", "generated", "missing"]
"""Author of a data set's description: the submitter, our own prompt, or nobody, for want of a data set."""


class Quantiles(Record):
    """Quantiles of a length over all rows, to the nearest row."""

    least: int
    median: int
    p95: int
    most: int


class ScreenFindings(Record):
    """Findings of the screen in one task's delivered rows. Lines are those of the submitter's own file, from 1."""

    exact: int = Field(ge=0)
    """Rows with the same input as a hidden test row, letter for letter."""
    normalised: int = Field(ge=0)
    """Rows whose input differs from a test row's in case, blanks, punctuation or character form only."""
    near: int = Field(ge=0)
    """Rows that are a test row with small changes."""
    removed_lines: tuple[int, ...]
    """Lines of the stored data file that were removed for one of the three."""
    repeated: int = Field(ge=0)
    """Rows that repeat an earlier row. They stay."""
    degenerate: int = Field(ge=0)
    """Rows without a letter or digit, of one character over and over, far too long, or whose output is the input."""
    other_script: int = Field(ge=0)
    """Rows whose output is mostly in scripts foreign to the task's language."""
    tokens: Quantiles | None
    """Input and output together, estimated from their bytes; None without rows."""
    output_scripts: dict[str, float]
    """Share of the outputs' letters by Unicode script, most first."""


class JudgeScores(Record):
    """A submission's metadata scores, 0 to 10. Shown, never ranked. Contains no text of the judge."""

    dimensions: tuple[Score, ...]
    """Means over tasks, one per dimension; `n` is the number of tasks."""
    average: Score
    """Mean of the six dimension means that the paper averages; `n` is the number of tasks."""
    origins: dict[Origin, int]
    """Number of tasks described by each author."""
    model: str
    snapshot: str
    prompts: tuple[str, ...]
    """Name and version of the prompts that judged and described."""


class TrackDetails(Record):
    """A task's figures that only one track has.

    A subclass gives `track` its track's name as the default; stored details of the track are then read as it.
    """

    types: ClassVar[dict[str, type[TrackDetails]]] = {}
    """Subclass of each track."""
    track: Key

    @classmethod
    def __pydantic_init_subclass__(cls, **settings: Any) -> None:
        """Register the subclass under its track. Raises TypeError if the track has one or `track` has no default."""
        super().__pydantic_init_subclass__(**settings)
        name = cls.model_fields["track"].default
        if not isinstance(name, str) or cls.types.get(name, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.__name__}: `track` needs the name of a track without details as its default")
        cls.types[name] = cls


def parse_details(given: object) -> object:
    """Parse stored details as their track's record. Raises ValueError for a track without any."""
    if not isinstance(given, Mapping):
        return given
    kind = TrackDetails.types.get(str(given.get("track")))
    if kind is None:
        there = ", ".join(TrackDetails.types) or "none"
        raise ValueError(f"no track {str(given.get('track'))[:80]!r} has details of a task; those that have: {there}")
    return kind.model_validate(given)


AnyDetails = Annotated[SerializeAsAny[TrackDetails], BeforeValidator(parse_details)]
"""Details of any track, stored with the name of theirs."""
