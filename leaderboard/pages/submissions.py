"""List of all submissions with their states, newest first, searched and filtered by the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.same_names import team_spellings
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.table_frames import Table, TableRow, frame_of
from leaderboard.web.site import PageRequest, View, page_route
from submissions.errors import NotFound
from submissions.names.look_alikes import has_text
from submissions.records.status import State
from submissions.tracks import list_system_types

UNKNOWN = "unknown"
FILTERS = ("state", "system_type")
AT_ONCE = 200
"""Rows per page; the downloads have all matching rows."""


@dataclass(frozen=True, slots=True)
class SubmissionRow(TableRow):
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
    attempt: int
    """Number among its team's submissions to this track, from 1."""
    attempts: int
    """Total number of its team's submissions to this track."""
    state: str
    """State in its history; `unknown` while the history is unreadable."""
    stage: str | None
    done: int | None
    of: int | None
    """Number of tasks in the stage; for a queued submission the queue's length."""
    place: int | None
    """Position in the queue, 1 is next."""
    expected_start: str | None
    """ISO 8601, UTC."""
    message: str | None
    fault: str | None


def submissions_page(visit: PageRequest) -> View:
    """Render the list, with unreadable records listed separately. Raises NotFound for an unknown filter."""
    snapshot = visit.snapshot
    chosen = {name: visit.query.get(name, "") for name in (*FILTERS, "q")}
    for name, values in _list_choices().items():
        if chosen[name] and chosen[name] not in values:
            raise NotFound(f"No {name} {chosen[name][:80]!r}; there are: {', '.join(values)}.")
    is_mine = visit.query.get("mine") == "1"
    every = owner_rows(snapshot, visit.owner) if is_mine else _all_rows(snapshot)
    found = [row for row in every if _matches_filters(row, chosen)]
    start = _parse_start(visit.query.get("from", ""), len(found))
    state = {"mine": "1"} if is_mine else {}
    state |= {name: value for name, value in chosen.items() if value}
    context = {
        "unreadable": () if is_mine else snapshot.unreadable,
        "is_mine": is_mine,
        "chosen": chosen,
        "options": {name: [value for value in values if any(getattr(row, name) == value for row in every)]
                    for name, values in _list_choices().items()},
        "all": len(every),
        "is_narrowed": any(chosen.values()),
        "query": f"?{urlencode(state)}" if state else "",
        "start": start,
        "at_once": AT_ONCE,
        "newer": _page_link(state, start - AT_ONCE) if start else None,
        "older": _page_link(state, start + AT_ONCE) if start + AT_ONCE < len(found) else None,
    }  # fmt: skip
    return View(
        "submissions.html",
        context,
        Table("my-submissions" if is_mine else "submissions", frame_of(SubmissionRow, found)),
    )


def owner_rows(snapshot: Snapshot, owner: str) -> list[SubmissionRow]:
    """Return an owner's submissions, newest first; none for a visitor without a key."""
    return [row for row in _all_rows(snapshot) if owner and snapshot.briefs[row.id].owner == owner]


@cached_per_snapshot
def _all_rows(snapshot: Snapshot) -> list[SubmissionRow]:
    """Rows of all submissions, newest first."""
    teams = team_spellings(snapshot)
    made: dict[tuple[str, str], list[str]] = {}
    for ulid, submission in snapshot.briefs.items():
        made.setdefault((submission.track, teams[submission.team]), []).append(ulid)
    numbers = {ulid: (place, len(ids)) for ids in made.values() for place, ulid in enumerate(ids, 1)}
    return [_submission_row(snapshot, ulid, *numbers[ulid]) for ulid in reversed(list(snapshot.briefs))]


def _submission_row(snapshot: Snapshot, ulid: str, attempt: int, attempts: int) -> SubmissionRow:
    submission = snapshot.briefs[ulid]
    now = snapshot.now.get(ulid)
    return SubmissionRow(
        id=ulid,
        created_at=submission.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        system=submission.system,
        team=submission.team,
        system_type=submission.system_type,
        track=submission.track,
        files=submission.files,
        rows=submission.rows,
        attempt=attempt,
        attempts=attempts,
        state=now.state if now else UNKNOWN,
        stage=now.stage if now else None,
        done=now.done if now else None,
        of=now.of if now else None,
        place=now.place if now else None,
        expected_start=_iso_time(now.expected_start) if now else None,
        message=now.message if now else None,
        fault=now.fault if now else None,
    )


def _list_choices() -> dict[str, tuple[str, ...]]:
    """List the values of each filter."""
    return {"state": (*get_args(State), UNKNOWN), "system_type": list_system_types()}


def _iso_time(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat(timespec="seconds") if time else None


def _matches_filters(row: SubmissionRow, chosen: Mapping[str, str]) -> bool:
    names = (row.system, row.team, row.id)
    found = all(any(has_text(name, word) for name in names) for word in chosen["q"].split())
    return found and all(not chosen[name] or chosen[name] == getattr(row, name) for name in FILTERS)


def _parse_start(text: str, count: int) -> int:
    """Parse the first row to show, at a page boundary. Raises NotFound for an invalid position."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 9) or int(text) >= max(count, 1):
        raise NotFound(f"No position {text[:40]!r} in this list of {count}; it starts at from=0.")
    return int(text) - int(text) % AT_ONCE


def _page_link(state: Mapping[str, str], start: int) -> str:
    return f"/submissions?{urlencode({**state, 'from': start} if start > 0 else state)}".rstrip("?")


def _submissions_route(address: str) -> Route:
    """Route of all submissions, or with ?mine=1 of the visitor's own, as a personal page."""
    everybody, personal = page_route(address, submissions_page), page_route(address, submissions_page, personal=True)

    async def endpoint(request: Request) -> Response:
        chosen = personal if request.query_params.get("mine") == "1" else everybody
        answer: Response = await chosen.endpoint(request)
        return answer

    return Route(address, endpoint)


ROUTES = [_submissions_route("/submissions{ending:ending}")]
