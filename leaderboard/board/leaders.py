"""A board's top and newest rows, computed without the full board to keep the front page fast."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from heapq import nlargest, nsmallest
from math import isnan, nan
from operator import itemgetter

from leaderboard.board.query import BoardQuery
from leaderboard.board.row import BoardRow
from leaderboard.board.rows import published_rows, rows_without_rank
from leaderboard.data.published.publication_dates import publication_days
from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.tracks import board_named
from submissions.index.result_summary import Key as TotalKey
from submissions.index.result_summary import ResultSummary
from submissions.names.look_alikes import group_names


def best_of_teams(snapshot: Snapshot, track: str, view: BoardQuery, most: int) -> list[BoardRow]:
    """Return each team's best row by overall figure, as with `?best=team`, best teams first.

    Flagged entries, the untouched model and self-reported rows are excluded.
    """
    results = [result for result in _results_in_view(snapshot, track, view) if not result.flagged]
    beside = [row for row in published_rows(snapshot, track, view) if row.system_type]
    everyone: list[ResultSummary | BoardRow] = [*results, *beside]
    teams = group_names(one.team for one in everyone)
    runs = Counter(teams[one.team] for one in everyone)
    overall = (view.method, view.subset, "overall")
    factor = scale_of(snapshot, view.protocol).factor
    best: dict[str, tuple[tuple[float, str, str], ResultSummary | BoardRow]] = {}
    for one in everyone:
        value = one.overall if isinstance(one, BoardRow) else _overall_gain(one, overall, factor)
        if value is not None:
            key = -value, one.system.casefold(), one.submission or ""
            team = teams[one.team]
            if team not in best or key < best[team][0]:
                best[team] = key, one
    top = [one for _, one in nsmallest(most, best.values(), key=itemgetter(0))]
    rows = [
        row
        for one in top
        for row in ([one] if isinstance(one, BoardRow) else rows_without_rank(snapshot, track, view, [one]))
    ]
    return [replace(row, runs=runs[teams[row.team]]) for row in rows]


def newest_rows(snapshot: Snapshot, track: str, view: BoardQuery, most: int) -> list[BoardRow]:
    """Return the rows of the latest results, newest first."""
    found = _results_in_view(snapshot, track, view)
    dated = publication_days(snapshot)
    newest = nlargest(most, found, key=lambda one: (dated.get(one.submission, ""), one.submission))
    return rows_without_rank(snapshot, track, view, newest)


def _results_in_view(snapshot: Snapshot, track: str, view: BoardQuery) -> list[ResultSummary]:
    """Results that have a row in a view."""
    groups = [(view.method, view.subset, group) for group in board_named(track).groups]
    protocol = view.protocol
    return [
        result
        for _, result in snapshot.published
        if (result.track, result.protocol) == (track, protocol)
        and any(key in result.layout.total_positions for key in groups)
    ]


def _overall_gain(result: ResultSummary, total: TotalKey, factor: float) -> float | None:
    """The overall gain for display, without the rest of the total."""
    place = result.layout.total_positions.get(total)
    value = float(result.means[place, 0]) if place is not None else nan
    return None if isnan(value) else value * factor
