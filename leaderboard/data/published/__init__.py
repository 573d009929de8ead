"""Figures from papers, shipped as data beside this file and always shown as `published`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from submissions.records.base import Key, Name, Record
from submissions.records.submission import SystemType

Percent = Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]
Verdict = Annotated[float, Field(ge=0, le=10)]
UNTRAINED = "zero_shot"
"""Method of a row for the untouched base model, which appears beside every other method."""


class PublishedRow(Record):
    """One system under one method, on the scale of the source's protocol."""

    system: Name
    team: Name
    system_type: SystemType | None
    """None for the untouched base model."""
    method: str
    subset: str
    overall: Percent | None = None
    """Set only if the source states it; else derived from the groups."""
    groups: dict[Key, Percent] = Field(default={})
    """Figures of the track's groups of tasks."""
    note: str = ""


class PublishedJudgeRow(Record):
    """The judge's mean score of one system in each dimension, 0 to 10."""

    system: Name
    system_type: SystemType
    scores: dict[Key, Verdict]
    """By dimension."""
    average: Verdict


class PublishedFigures(Record):
    """All figures of one source."""

    source: str
    url: str
    protocol: str
    tasks: dict[Key, int]
    """Tasks of each group: the weights of the overall figure."""
    rows: tuple[PublishedRow, ...] = ()
    metadata: tuple[PublishedJudgeRow, ...] = ()
    judge: str = ""
    """Model that produced the metadata scores."""

    def overall_figure(self, row: PublishedRow) -> float | None:
        """The stated overall figure, else the mean over tasks: (51 K + 157 R) / 208 for DatasetResearch."""
        if row.overall is not None or not self.tasks or self.tasks.keys() - row.groups.keys():
            return row.overall
        return sum(count * row.groups[group] for group, count in self.tasks.items()) / sum(self.tasks.values())


NOTHING = PublishedFigures(source="", url="", protocol="", tasks={})
"""Figures of a track without a publication."""


@cache
def load_published(track: str) -> PublishedFigures:
    """Load the published figures that a track's board shows beside the evaluated ones; none without such a file."""
    file = files(__package__).joinpath(f"{track}.json")
    return PublishedFigures.model_validate_json(file.read_bytes()) if file.is_file() else NOTHING
