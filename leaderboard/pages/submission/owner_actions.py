"""Owner actions on a submission: retry, withdraw, publish."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.data.lookup import require_submission
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.pages.submission.live_status import preview_context
from leaderboard.submit.rate_limit import check_hourly_limit
from leaderboard.web.auth.ownership import is_owner, pending_requests, require_owner
from leaderboard.web.auth.visitor import visitor_owner
from leaderboard.web.site import PageRequest, Site, View, page_route, site_of
from leaderboard.web.uploads import limit_body
from submissions.arena.arena import Arena, list_protocols
from submissions.errors import CorruptRecord
from submissions.records.owner_requests import OwnerRequest, filter_authorized
from submissions.records.status import History
from submissions.records.submission import Submission
from submissions.submitting.request_rules import RequestKind, rejection_reason, request_time

KINDS: tuple[RequestKind, ...] = ("retry", "publish", "withdraw")
"""Request kinds in display order."""
MAX_REQUESTS = 6
"""Maximum requests per hour for one submission."""
MAX_BYTES = 10_000
"""Maximum bytes of a sent form, which has four short fields."""
# Two clicks at once must not become two wishes.
ONE_BY_ONE = threading.Lock()


def actions_page(visit: PageRequest) -> View:
    """Render the owner's buttons, or the owner's name for others. With `?within=page` they return to the page."""
    snapshot, ulid = visit.snapshot, visit.names["ulid"]
    require_submission(snapshot, ulid)
    submission, history = snapshot.submissions.get(ulid), snapshot.histories.get(ulid)
    context: dict[str, object] = {
        "ulid": ulid,
        "is_owner": is_owner(submission, visit.owner),
        "who": _system_name(visit, ulid),
    }
    if submission and history and context["is_owner"]:
        waiting = pending_requests(
            filter_authorized(visit.site.reader.arena.read_owner_requests(ulid), submission.owner), history.now
        )
        offered = [kind for kind in KINDS if rejection_reason(kind, submission, history.now.state, waiting) is None]
        asked = {wish.kind for wish in waiting}
        context |= {"waiting": waiting, "offered": [kind for kind in offered if kind not in asked]}
        context |= {"now": history.now, "private": submission.private}
        context["counted"] = bool(visit.site.reader.arena.drafts.list(f"verdicts/{ulid}/"))
        context["previews"] = _draft_previews(snapshot, visit.site.reader.arena, ulid) if submission.private else []
    return View("actions.html", context | {"back": "page" if visit.query.get("within") == "page" else "actions"})


async def post_action(request: Request) -> Response:
    """Store the owner's request and redirect to the page it came from. Raises like `store_request`."""
    site, ulid = site_of(request), request.path_params["ulid"]
    async with limit_body(request, MAX_BYTES).form(max_files=0, max_fields=10) as form:
        values = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    await asyncio.to_thread(store_request, site, ulid, visitor_owner(request), values)
    ending = "" if values.get("back") == "page" else "/actions"
    return RedirectResponse(f"/submissions/{ulid}{ending}", 303)


def store_request(site: Site, ulid: str, visitor: str, values: Mapping[str, str]) -> None:
    """Store an owner's request unless the same one is pending. Raises NotFound, HTTPException 4xx, CorruptRecord."""
    snapshot, arena = site.reader.snapshot(), site.reader.arena
    require_submission(snapshot, ulid)
    require_owner(snapshot.submissions.get(ulid), visitor)
    submission, history = _require_history(snapshot, ulid)
    kind = _parse_kind(values)
    time = request_time(datetime.now(UTC), history)
    wish = OwnerRequest(kind=kind, by=visitor, time=time, samples=kind == "publish" and "samples" in values)
    with ONE_BY_ONE:
        asked = filter_authorized(arena.read_owner_requests(ulid), submission.owner)
        waiting = pending_requests(asked, history.now)
        # The last one of its kind is the one that counts (submissions/records/owner_requests.py).
        if [known.samples for known in waiting if known.kind == kind][-1:] == [wish.samples]:
            return
        if why := rejection_reason(kind, submission, history.now.state, waiting):
            raise HTTPException(409, why)
        check_hourly_limit(
            (one.time for one in asked), MAX_REQUESTS, f"You made {MAX_REQUESTS} requests for it within the hour."
        )
        arena.add_owner_request(ulid, wish)


def _require_history(snapshot: Snapshot, ulid: str) -> tuple[Submission, History]:
    if ulid not in snapshot.histories:
        raise CorruptRecord(f"The history of submission {ulid} cannot be read, so no request can be made for it now.")
    return snapshot.submissions[ulid], snapshot.histories[ulid]


def _parse_kind(values: Mapping[str, str]) -> RequestKind:
    for kind in KINDS:
        if values.get("kind") == kind:
            if kind == "withdraw" and "sure" not in values:
                raise HTTPException(
                    422, "Withdrawing is permanent: tick the confirmation box, and send the form again."
                )
            return kind
    raise HTTPException(422, f"No such request; there are: {', '.join(KINDS)}.")


def _draft_previews(snapshot: Snapshot, arena: Arena, ulid: str) -> list[dict[str, Any]]:
    """Previews before there is a result, for the owner only."""
    protocols = list_protocols(arena.drafts, "previews").get(ulid, [])
    return [preview_context(snapshot, arena.read_draft_preview(ulid, protocol)) for protocol in protocols]


def _system_name(visit: PageRequest, ulid: str) -> str:
    found = visit.snapshot.submissions.get(ulid) or next(iter(visit.snapshot.results.get(ulid, {}).values()), None)
    return found.system if found else ulid


ROUTES = [
    page_route("/submissions/{ulid}/actions", actions_page, personal=True),
    Route("/submissions/{ulid}/actions", post_action, methods=["POST"]),
]
