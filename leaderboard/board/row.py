"""One row of a board, with a field for each column of the page and its downloads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from leaderboard.data.tables.table_frames import TableRow
from submissions.index.result_summary import ResultSummary


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure as it is shown, with the ends of its 95% interval; None where one is missing."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


NO_FIGURE = Interval()


@dataclass(frozen=True, slots=True)
class BoardFigures:
    """A row's numbers on the scale of its protocol; None for what its source does not state."""

    groups: Mapping[str, Interval]
    """By group of tasks with stored totals; one without a figure may be left out."""
    selected: Interval = NO_FIGURE
    median: float | None = None
    seed_sd: float | None = None
    tasks: int | None = None


@dataclass(frozen=True, kw_only=True)
class SystemColumns(TableRow):
    """First columns of every board: the system, its ranks and its overall figure."""

    __slots__ = ()

    system: str
    team: str
    system_type: str | None
    """None for the untouched base model."""
    rank_first: int | None
    """Best rank the system may have, from 1; None outside the order."""
    rank_last: int | None
    """Worst rank the system may have.

    Ranks are cut only where every system above is significantly better than every one below; between two cuts all
    systems share first and last.
    """
    rank_group: int | None
    """Rank group, counted from 1 from the top; equal for systems that share their ranks."""
    clearly_better: int | None
    """Systems that are significantly better than this one, tested alone."""
    clearly_worse: int | None
    """Systems that are significantly worse than this one, tested alone."""
    overall: float | None
    overall_low: float | None
    overall_high: float | None


@dataclass(frozen=True, kw_only=True)
class ContextColumns(TableRow):
    """Last columns of every board: the figure over chosen tasks, and the meaning of the row's numbers."""

    __slots__ = ()

    selected: float | None
    """Mean over the tasks of a chosen category or language; None if none is chosen."""
    selected_low: float | None
    """Ends of its 95% interval by Student's t over tasks; no total of these tasks is stored."""
    selected_high: float | None
    median: float | None
    """Median over the headline's tasks."""
    seed_sd: float | None
    """Standard deviation of the headline between training seeds; not part of the interval."""
    tasks: int | None
    """Number of tasks that the headline averages."""
    runs: int | None
    """Number of its team's rows of which this one is the best; None if all rows are shown."""
    unit: str
    badge: str
    """`evaluated`, `published` or `self-reported`."""
    flagged: str | None
    """Reason why the entry is listed apart, outside the order."""
    unscored: str | None
    note: str | None
    submission: str | None
    published_on: str | None
    """Day (UTC) of publication here, or of the team's own report; None for figures from a paper."""
    source: str | None
    """Source of a figure that was not evaluated here."""
    key: str
    """Key of the row in `?pin=`: the submission, or a name for a system not evaluated here."""
    pinned: bool
    track: str
    protocol: str
    method: str
    subset: str
    above_trivial: bool | None = None
    """Whether the headline is above that of the best trivial baseline; None without either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow(ContextColumns, SystemColumns):
    """One system's totals. A missing value is None, with the reason in `unscored`.

    A track's own columns come between the two groups of columns if they are a class beside this one, as the columns
    of kinds of tasks are (leaderboard/tracks).
    """

    @classmethod
    def from_values(cls, values: Mapping[str, Any], result: ResultSummary | None) -> Self:  # noqa: ARG003
        """Make a row from the values of its columns; a track with further columns takes them from the result."""
        return cls(**values)


IDENTITY_COLUMNS = (
    "system", "unit", "badge", "flagged", "unscored", "submission", "key", "pinned", "runs", "track", "protocol",
    "method", "subset",
)  # fmt: skip
"""Columns that every download includes: the row's identity, and the meaning of its numbers."""
RANK_COLUMNS = ("rank_last", "rank_group", "clearly_better", "clearly_worse")
"""Columns that go with `rank_first`."""


def published_key(system: str) -> str:
    """URL key of a published row."""
    return "published-" + re.sub(r"[^a-z0-9]+", "-", system.casefold()).strip("-")
