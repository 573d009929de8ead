"""Figures from papers, shipped as data beside this file and always shown as `published`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from submissions.records.base import Name, Record
from submissions.records.submission import SystemType

Percent = Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]
Verdict = Annotated[float, Field(ge=0, le=10)]


class PublishedRow(Record):
    """One system under one method, in percent of the reference score."""

    system: Name
    team: Name
    system_type: SystemType | None
    """None for the untouched base model, which appears beside every method."""
    method: str
    subset: str
    overall: Percent | None = None
    """Set only if the source states it; else derived from the two kinds."""
    knowledge: Percent | None = None
    reasoning: Percent | None = None
    note: str = ""


class PublishedJudgeRow(Record):
    """The judge's mean score of one system in each dimension, 0 to 10."""

    system: Name
    system_type: SystemType
    introduction: Verdict
    task: Verdict
    question: Verdict
    input: Verdict
    output: Verdict
    example: Verdict
    average: Verdict


class PublishedFigures(Record):
    """All figures of one source."""

    source: str
    url: str
    protocol: str
    tasks: dict[str, int]
    """Tasks of each kind: the weights of the overall figure."""
    rows: tuple[PublishedRow, ...]
    metadata: tuple[PublishedJudgeRow, ...]
    judge: str
    """Model that produced the metadata scores."""

    def overall_figure(self, row: PublishedRow) -> float | None:
        """The stated overall figure, else the mean over tasks: (51 K + 157 R) / 208 for DatasetResearch."""
        if row.overall is not None or row.knowledge is None or row.reasoning is None:
            return row.overall
        knowledge, reasoning = self.tasks["knowledge"], self.tasks["reasoning"]
        return (knowledge * row.knowledge + reasoning * row.reasoning) / (knowledge + reasoning)


@cache
def load_published(track: str) -> PublishedFigures:
    """Load the published figures that a track's board shows beside the evaluated ones."""
    return PublishedFigures.model_validate_json(files(__package__).joinpath(f"{track}.json").read_bytes())
