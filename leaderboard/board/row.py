"""One row of a board, with a field for each column of the page and its twins."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from leaderboard.board.query import BoardQuery

GROUPS = ("overall", "knowledge", "reasoning")
"""The totals that are stored."""
SCORES = (*GROUPS, "selected")


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One system's totals. A missing value is None, with the reason in `unscored`."""

    system: str
    team: str
    system_type: str | None
    """None for the untouched base model."""
    rank_first: int | None
    """The best place the system may hold, from 1; None outside the order."""
    rank_last: int | None
    """The worst place it may hold. Places are cut only where every system above is significantly better than every one
    below; between two cuts all systems share first and last."""
    rank_group: int | None
    """Counted from 1 from the top; equal for systems that share their places."""
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
    """Mean over the tasks of a chosen category or language; None where none is chosen."""
    selected_low: float | None
    """Ends of its 95% interval by Student's t over tasks; no total of these tasks is stored."""
    selected_high: float | None
    median: float | None
    """Of the headline's tasks."""
    seed_sd: float | None
    """How far another training seed would move the headline (standard deviation); no part of the interval."""
    tasks: int | None
    """How many tasks the headline is the mean of."""
    runs: int | None
    """How many rows of its team this one is the best of; None where all rows are shown."""
    unit: str
    badge: str
    """`evaluated`, `published` or `self-reported`."""
    flagged: str | None
    """Why the entry is listed apart, outside the order."""
    unscored: str | None
    note: str | None
    submission: str | None
    published_on: str | None
    """The day (UTC) of its publication here, or on which its team reported it; None for what a paper reports."""
    source: str | None
    """Where a figure that nobody ran here is reported."""
    key: str
    """What `?pin=` calls the row: the submission, or the name of a system that nobody ran here."""
    pinned: bool
    track: str
    protocol: str
    method: str
    subset: str


COLUMNS = tuple(BoardRow.__annotations__)
IDENTITY_COLUMNS = (
    "system", "unit", "badge", "flagged", "unscored", "submission", "key", "pinned", "runs", "track", "protocol",
    "method", "subset",
)  # fmt: skip
"""What a twin never leaves out: which row, and what its numbers are."""
COMPANION_COLUMNS = {"rank_first": ("rank_last", "rank_group", "clearly_better", "clearly_worse")} | {
    score: (f"{score}_low", f"{score}_high") for score in SCORES
}
"""What goes with a column wherever it goes."""


def published_key(system: str) -> str:
    """What a published row is called in a URL."""
    return "published-" + re.sub(r"[^a-z0-9]+", "-", system.casefold()).strip("-")


def select_columns(frame: pd.DataFrame, choice: BoardQuery) -> pd.DataFrame:
    """The columns that a choice names, with what belongs to each; all of them if it names none."""
    if not choice.columns:
        return frame
    kept = {
        *IDENTITY_COLUMNS,
        *choice.column_names,
        *(name for one in choice.column_names for name in COMPANION_COLUMNS.get(one, ())),
    }
    return frame[[name for name in COLUMNS if name in kept]]
