"""One row of a board, with a field for each column of the page and its downloads."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from leaderboard.board.query import BoardQuery
from leaderboard.data.scales import scale_of
from leaderboard.data.tables.table_frames import TableRow
from leaderboard.ranking.rank_sets import RankSet

GROUPS = ("overall", "knowledge", "reasoning")
"""Task groups with stored totals."""
SCORES = (*GROUPS, "selected")


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

    overall: Interval
    knowledge: Interval
    reasoning: Interval
    selected: Interval
    median: float | None
    seed_sd: float | None
    tasks: int | None


@dataclass(frozen=True, slots=True)
class BoardRow(TableRow):
    """One system's totals. A missing value is None, with the reason in `unscored`."""

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
    knowledge: float | None
    knowledge_low: float | None
    knowledge_high: float | None
    reasoning: float | None
    reasoning_low: float | None
    reasoning_high: float | None
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


def make_row(
    *,
    system: str,
    team: str,
    system_type: str | None,
    place: RankSet | None,
    figures: BoardFigures,
    badge: str,
    flagged: str | None,
    unscored: str | None,
    note: str | None,
    submission: str | None,
    published_on: str | None,
    source: str | None,
    key: str,
    track: str,
    method: str,
    choice: BoardQuery,
) -> BoardRow:
    """Build one row of a view, pinned if the view names its key."""
    return BoardRow(
        system=system,
        team=team,
        system_type=system_type,
        rank_first=place.first if place else None,
        rank_last=place.last if place else None,
        rank_group=place.group if place else None,
        clearly_better=place.better if place else None,
        clearly_worse=place.worse if place else None,
        overall=figures.overall.value,
        overall_low=figures.overall.low,
        overall_high=figures.overall.high,
        knowledge=figures.knowledge.value,
        knowledge_low=figures.knowledge.low,
        knowledge_high=figures.knowledge.high,
        reasoning=figures.reasoning.value,
        reasoning_low=figures.reasoning.low,
        reasoning_high=figures.reasoning.high,
        selected=figures.selected.value,
        selected_low=figures.selected.low,
        selected_high=figures.selected.high,
        median=figures.median,
        seed_sd=figures.seed_sd,
        tasks=figures.tasks,
        runs=None,
        unit=scale_of(choice.protocol).unit,
        badge=badge,
        flagged=flagged,
        unscored=unscored,
        note=note,
        submission=submission,
        published_on=published_on,
        source=source,
        key=key,
        pinned=key in choice.pins,
        track=track,
        protocol=choice.protocol,
        method=method,
        subset=choice.subset,
    )


def missing_groups(*figures: float | None) -> list[str]:
    """Name the stored totals that are None; `figures` are in the order of GROUPS."""
    return [group for group, figure in zip(GROUPS, figures, strict=True) if figure is None]


COLUMNS = tuple(BoardRow.__annotations__)
IDENTITY_COLUMNS = (
    "system", "unit", "badge", "flagged", "unscored", "submission", "key", "pinned", "runs", "track", "protocol",
    "method", "subset",
)  # fmt: skip
"""Columns that every download includes: the row's identity, and the meaning of its numbers."""
COMPANION_COLUMNS = {"rank_first": ("rank_last", "rank_group", "clearly_better", "clearly_worse")} | {
    score: (f"{score}_low", f"{score}_high") for score in SCORES
}
"""Columns that are always included together with another column."""


def published_key(system: str) -> str:
    """URL key of a published row."""
    return "published-" + re.sub(r"[^a-z0-9]+", "-", system.casefold()).strip("-")


def select_columns(frame: pd.DataFrame, choice: BoardQuery) -> pd.DataFrame:
    """Select the chosen columns and their companions; all columns if none is chosen."""
    if not choice.columns:
        return frame
    kept = {
        *IDENTITY_COLUMNS,
        *choice.column_names,
        *(name for one in choice.column_names for name in COMPANION_COLUMNS.get(one, ())),
    }
    return frame[[name for name in COLUMNS if name in kept]]
