"""Self-reported rows of a board: shown beside the others, and never ranked."""

from __future__ import annotations

from collections.abc import Iterator

from leaderboard.board.query import BoardQuery
from leaderboard.board.row import BoardFigures, BoardRow, Interval
from leaderboard.board.row_builder import RowBuilder
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.systems import slug_of
from submissions.records.self_reported import SelfReported

BADGE = "self-reported"


def reported_rows(snapshot: Snapshot, track: str, choice: BoardQuery) -> Iterator[BoardRow]:
    """Yield a view's self-reported rows; none for a category or language, since reports lack task figures."""
    if choice.scope.headline == "selected":
        return
    builder = RowBuilder.for_view(snapshot, track, choice)
    for report in snapshot.reported.get(track, ()):
        view = (report.protocol, report.method, report.subset)
        if view == (choice.protocol, choice.method, choice.subset) and report.date.isoformat() <= (choice.asof or "9"):
            yield _reported_row(builder, report)


def report_key(report: SelfReported) -> str:
    """Key of the row in `?pin=`."""
    return f"{BADGE}-{slug_of(report.team, report.system)}"


def _reported_row(builder: RowBuilder, report: SelfReported) -> BoardRow:
    shown = {group: Interval(value) for group, value in {**report.groups, "overall": report.overall}.items()}
    missing = builder.name_missing(shown)
    return builder.build_row(
        system=report.system,
        team=report.team,
        system_type=report.system_type,
        figures=BoardFigures(shown),
        badge=BADGE,
        unscored=f"{', '.join(missing)}: not reported" if missing else None,
        published_on=report.date.isoformat(),
        source=report.url,
        key=report_key(report),
    )
