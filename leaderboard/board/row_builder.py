"""Builds the rows of a view of a board, and their table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from leaderboard.board.query import BoardQuery
from leaderboard.board.row import IDENTITY_COLUMNS, NO_FIGURE, RANK_COLUMNS, BoardFigures, BoardRow, Interval
from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.ranking.rank_sets import RankSet
from leaderboard.tracks import board_named
from leaderboard.tracks.board import Board
from submissions.index.result_summary import ResultSummary
from submissions.records.result import Total
from submissions.tracks.published_protocol import ProtocolScale


@dataclass(frozen=True)
class RowBuilder:
    """Makes the rows of one view of a board."""

    board: Board
    choice: BoardQuery
    scale: ProtocolScale
    groups: tuple[str, ...]
    """The board's groups of tasks with stored totals."""
    pins: frozenset[str]
    constants: Mapping[str, object]
    """Values that all rows of the view share."""

    @classmethod
    def for_view(cls, snapshot: Snapshot, track: str, choice: BoardQuery) -> RowBuilder:
        """Return the builder of a view."""
        board, scale = board_named(track), scale_of(snapshot, choice.protocol)
        constants = {
            "runs": None,
            "unit": scale.unit,
            "track": board.track,
            "protocol": choice.protocol,
            "subset": choice.subset,
        }
        return cls(board, choice, scale, board.groups, frozenset(choice.pins), constants)

    def build_row(
        self,
        *,
        system: str,
        team: str,
        system_type: str | None,
        figures: BoardFigures,
        badge: str,
        key: str,
        place: RankSet | None = None,
        flagged: str | None = None,
        unscored: str | None = None,
        note: str | None = None,
        submission: str | None = None,
        published_on: str | None = None,
        source: str | None = None,
        method: str = "",
        result: ResultSummary | None = None,
    ) -> BoardRow:
        """Build one row, pinned if the view names its key; the view's method by default."""
        values: dict[str, Any] = {
            **self.constants,
            "system": system,
            "team": team,
            "system_type": system_type,
            "rank_first": place.first if place else None,
            "rank_last": place.last if place else None,
            "rank_group": place.group if place else None,
            "clearly_better": place.better if place else None,
            "clearly_worse": place.worse if place else None,
            "median": figures.median,
            "seed_sd": figures.seed_sd,
            "tasks": figures.tasks,
            "badge": badge,
            "flagged": flagged,
            "unscored": unscored,
            "note": note,
            "submission": submission,
            "published_on": published_on,
            "source": source,
            "key": key,
            "pinned": key in self.pins,
            "method": method or self.choice.method,
        }
        for group in self.groups:
            figure = figures.groups.get(group, NO_FIGURE)
            values[group], values[f"{group}_low"], values[f"{group}_high"] = figure.value, figure.low, figure.high
        figure = figures.selected
        values["selected"], values["selected_low"], values["selected_high"] = figure.value, figure.low, figure.high
        return self.board.make_row(values, result)

    def show_total(self, total: Total | None) -> Interval:
        """Return a stored total as it is shown."""
        return self.show_interval(total.gain.value, total.gain.interval) if total else NO_FIGURE

    def show_interval(self, value: float | None, ends: tuple[float, float] | None) -> Interval:
        """Return a stored value and its interval as they are shown."""
        low, high = ends or (None, None)
        return Interval(self.scale.to_display(value), self.scale.to_display(low), self.scale.to_display(high))

    def name_missing(self, figures: Mapping[str, Interval]) -> list[str]:
        """Name the groups whose figure is missing."""
        return [group for group in self.groups if figures.get(group, NO_FIGURE).value is None]


def select_columns(frame: pd.DataFrame, board: Board, choice: BoardQuery) -> pd.DataFrame:
    """Select the chosen columns and those that go with them; all columns if none is chosen."""
    if not choice.columns:
        return frame
    companions = {"rank_first": RANK_COLUMNS} | {
        score: (f"{score}_low", f"{score}_high") for score in (*board.groups, "selected")
    }
    kept = {
        *IDENTITY_COLUMNS,
        *choice.column_names,
        *(name for one in choice.column_names for name in companions.get(one, ())),
    }
    return frame[[name for name in board.row_columns if name in kept]]
