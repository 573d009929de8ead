"""All submissions, newest first, and where each of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

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
    rows = [_row(snapshot, ulid) for ulid in reversed(list(snapshot.submissions))]
    context = {"unreadable": snapshot.unreadable, "is_mine": False}
    return View("submissions.html", context, Table("submissions", frame_of(SubmissionRow, rows)))


def show_mine(visit: Visit) -> View:
    """Those that this browser sent."""
    rows = rows_of(visit.snapshot, visit.owner)
    context = {"unreadable": (), "is_mine": True}
    return View("submissions.html", context, Table("my-submissions", frame_of(SubmissionRow, rows)))


def rows_of(snapshot: Snapshot, owner: str) -> list[SubmissionRow]:
    """The submissions of an owner, newest first; a visitor without a key owns nothing."""
    found = [ulid for ulid, one in snapshot.submissions.items() if owner and one.owner == owner]
    return [_row(snapshot, ulid) for ulid in reversed(found)]


def _row(snapshot: Snapshot, ulid: str) -> SubmissionRow:
    submission = snapshot.submissions[ulid]
    history = snapshot.histories.get(ulid)
    return SubmissionRow(
        id=ulid,
        created_at=submission.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        system=submission.system,
        team=submission.team,
        system_type=submission.system_type,
        track=submission.track,
        files=len(submission.files),
        rows=sum(file.rows for file in submission.files),
        state=history.now.state if history else "unknown",
        stage=history.now.stage if history else None,
        message=history.now.message if history else None,
        fault=history.now.fault if history else None,
    )


def _either(address: str) -> Route:
    """All submissions, or with ?mine=1 a visitor's own, which is a personal page."""
    everybody, personal = page(address, show), page(address, show_mine, personal=True)

    def endpoint(request: Request) -> Response:
        chosen = personal if request.query_params.get("mine") == "1" else everybody
        answer: Response = chosen.endpoint(request)
        return answer

    return Route(address, endpoint)


ROUTES = [_either("/submissions{ending:ending}")]
