"""Self-reported rows of a board: shown beside the others, and never ranked."""

from __future__ import annotations

from collections.abc import Iterator

from leaderboard.board.query import BoardQuery
from leaderboard.board.row import NO_FIGURE, BoardFigures, BoardRow, Interval, make_row, missing_groups
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.systems import slug_of
from submissions.records.self_reported import SelfReported

BADGE = "self-reported"


def reported_rows(snapshot: Snapshot, track: str, choice: BoardQuery) -> Iterator[BoardRow]:
    """Yield a view's self-reported rows; none for a category or language, since reports lack task figures."""
    if choice.scope.headline == "selected":
        return
    for report in snapshot.reported.get(track, ()):
        view = (report.protocol, report.method, report.subset)
        if view == (choice.protocol, choice.method, choice.subset) and report.date.isoformat() <= (choice.asof or "9"):
            yield _reported_row(report, track, choice)


def report_key(report: SelfReported) -> str:
    """Key of the row in `?pin=`."""
    return f"{BADGE}-{slug_of(report.team, report.system)}"


def _reported_row(report: SelfReported, track: str, choice: BoardQuery) -> BoardRow:
    missing = missing_groups(report.overall, report.groups.get("knowledge"), report.groups.get("reasoning"))
    return make_row(
        system=report.system,
        team=report.team,
        system_type=report.system_type,
        place=None,
        figures=BoardFigures(
            overall=Interval(report.overall),
            knowledge=Interval(report.groups.get("knowledge")),
            reasoning=Interval(report.groups.get("reasoning")),
            selected=NO_FIGURE,
            median=None,
            seed_sd=None,
            tasks=None,
        ),
        badge=BADGE,
        flagged=None,
        unscored=f"{', '.join(missing)}: not reported" if missing else None,
        note=None,
        submission=None,
        published_on=report.date.isoformat(),
        source=report.url,
        key=report_key(report),
        track=track,
        method=report.method,
        choice=choice,
    )
