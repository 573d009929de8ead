"""All submissions, newest first, and where each of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from leaderboard.snapshot import Snapshot
from leaderboard.tables import Table, frame_of
from leaderboard.web import View, Visit, page


@dataclass(frozen=True)
class SubmissionRow:
    """One submission in the list."""

    id: str
    created_at: str
    """ISO 8601, UTC."""
    system: str
    team: str
    system_type: str
    track: str
    files: int
    rows: int
    state: str
    """As in its history; `unknown` while the history cannot be read."""
    stage: str | None
    message: str | None
    fault: str | None


def show(visit: Visit) -> View:
    """The list, with the records that cannot be read named apart."""
    snapshot = visit.snapshot
    rows = [_row(snapshot, ulid) for ulid in reversed(list(snapshot.entered))]
    return View(
        "submissions.html", {"unreadable": snapshot.unreadable}, Table("submissions", frame_of(SubmissionRow, rows))
    )


def _row(snapshot: Snapshot, ulid: str) -> SubmissionRow:
    submission = snapshot.entered[ulid]
    history = snapshot.histories.get(ulid)
    return SubmissionRow(
        id=ulid,
        created_at=submission.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        system=submission.system,
        team=submission.team,
        system_type=submission.system_type,
        track=submission.track,
        files=submission.files,
        rows=submission.rows,
        state=history.now.state if history else "unknown",
        stage=history.now.stage if history else None,
        message=history.now.message if history else None,
        fault=history.now.fault if history else None,
    )


ROUTES = [page("/submissions{ending:ending}", show)]
