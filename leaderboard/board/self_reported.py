"""Rows of a board that teams report of their own systems: shown beside the others, and never ranked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leaderboard.board.query import BoardQuery
from leaderboard.board.row import GROUPS, SCORES, BoardRow
from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot import Snapshot
from leaderboard.data.systems import slug_of
from submissions.records.self_reported import SelfReported

BADGE = "self-reported"
UNKNOWN = (
    "rank_first", "rank_last", "rank_group", "clearly_better", "clearly_worse", "selected", "median", "seed_sd",
    "tasks", "runs", "flagged", "note", "submission",
)  # fmt: skip
"""What only an evaluation here can say."""


def reported_rows(snapshot: Snapshot, track: str, choice: BoardQuery) -> Iterator[BoardRow]:
    """The self-reported rows of a view; none of a category or language, for a report has no figures by task."""
    if choice.scope.headline == "selected":
        return
    for report in snapshot.reported.get(track, ()):
        view = (report.protocol, report.method, report.subset)
        if view == (choice.protocol, choice.method, choice.subset) and report.date.isoformat() <= (choice.asof or "9"):
            yield _reported_row(report, track, choice)


def report_key(report: SelfReported) -> str:
    """What `?pin=` calls the row."""
    return f"{BADGE}-{slug_of(report.team, report.system)}"


def _reported_row(report: SelfReported, track: str, choice: BoardQuery) -> BoardRow:
    values: dict[str, Any] = {group: getattr(report, group) for group in GROUPS}
    ends = [f"{score}_{end}" for score in SCORES for end in ("low", "high")]
    nothing: dict[str, Any] = dict.fromkeys([*UNKNOWN, *ends])
    missing = [group for group in GROUPS if values[group] is None]
    return BoardRow(
        **values,
        **nothing,
        system=report.system,
        team=report.team,
        system_type=report.system_type,
        unit=scale_of(report.protocol).unit,
        badge=BADGE,
        unscored=f"{', '.join(missing)}: not reported" if missing else None,
        published_on=report.date.isoformat(),
        source=report.url,
        key=report_key(report),
        pinned=report_key(report) in choice.pins,
        track=track,
        protocol=report.protocol,
        method=report.method,
        subset=report.subset,
    )
