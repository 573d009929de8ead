"""Filters of a board's rows: search, type, badge, best per team, pinned first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from leaderboard.board.query import BoardQuery
from leaderboard.board.row import BoardRow
from leaderboard.board.self_reported import BADGE
from leaderboard.data.tables.table_frames import sort_rows
from submissions.names.look_alikes import group_names, has_text


def apply_filters(rows: Sequence[BoardRow], choice: BoardQuery, scores: Sequence[str]) -> list[BoardRow]:
    """Return the rows that pass, in their order, but pinned rows first and flagged ones last.

    A pinned row passes every filter, so that it can be compared with the matching ones. `scores` are the columns by
    which a row may be its team's best.
    """
    found = [row for row in rows if row.pinned or _matches_filters(row, choice)] if choice.is_filtered else list(rows)
    if choice.best:
        found = _best_of_teams(found, choice, scores)
    return sorted(found, key=lambda row: (row.flagged is not None, not row.pinned))


def _matches_filters(row: BoardRow, choice: BoardQuery) -> bool:
    return (
        (has_text(row.system, choice.q) or has_text(row.team, choice.q))
        and (not choice.system_type or row.system_type == choice.system_type)
        and (not choice.badge or row.badge == choice.badge)
    )


def _best_of_teams(rows: list[BoardRow], choice: BoardQuery, scores: Sequence[str]) -> list[BoardRow]:
    """Keep each team's best ranked row by the sorted column, or by the headline if that has no best.

    Flagged entries, the untouched model and self-reported rows belong to no team and stay.
    """
    by = choice.order.removeprefix("-")
    headline = f"-{choice.scope.headline}"
    order = {"rank_first": "rank_first"} | {score: f"-{score}" for score in scores}
    competing = [row for row in rows if _is_competing(row)]
    teams = group_names(row.team for row in competing)
    best: dict[str, BoardRow] = {}
    for row in sort_rows(sort_rows(competing, headline), order.get(by, headline)):
        best.setdefault(teams[row.team], row)
    runs = Counter(teams[row.team] for row in competing)
    found = []
    for row in rows:
        if not _is_competing(row):
            found.append(row)
        elif row is best[teams[row.team]]:
            found.append(replace(row, runs=runs[teams[row.team]]))
        elif row.pinned:
            found.append(row)
    return found


def _is_competing(row: BoardRow) -> bool:
    return not row.flagged and bool(row.system_type) and row.badge != BADGE
