"""Submit form: starts a check of the upload, and stores the upload only if the check passes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.attempts import count_used_attempts
from leaderboard.pages.submissions import owner_rows
from leaderboard.submit.check_sessions import CheckSession
from leaderboard.submit.idempotency import HEADER
from leaderboard.submit.preview import build_preview
from leaderboard.submit.start_check import EMPTY, PUBLISH, wait_for_check
from leaderboard.web.auth.oauth import account_of
from leaderboard.web.auth.visitor import address_of, new_visitor_key, set_visitor_cookie, visitor_owner
from leaderboard.web.site import PageRequest, Site, View, is_secure, page_route, root_of, site_of
from leaderboard.web.uploads import limit_body, max_body_bytes
from submissions.estimation.durations import format_amount_range, format_duration, format_duration_range
from submissions.tracks import FIRST_TRACK, TRACKS, list_system_types

LATEST = 5
"""Number of a visitor's own submissions on this page."""
WAIT_SECONDS = 5.0
"""Seconds to wait for the Hub to store an accepted submission before answering."""


def submit_page(visit: PageRequest) -> View:
    """Render the empty form, and this browser's earlier submissions."""
    return form_view(visit.site, visit.snapshot, visit.owner)


async def post_submit(request: Request) -> Response:
    """Check an upload; store it if requested and free of errors.

    A script gets the check's URL at once; without one the answer is the finished report.
    """
    site, owner = site_of(request), visitor_owner(request)
    key, fresh = new_visitor_key() if not owner else ("", owner)
    sent = limit_body(request, max_body_bytes(request, site.settings.max_upload_bytes))
    sent_key = request.headers.get(HEADER)
    may_store = not site.settings.sign_in or account_of(request) is not None
    starter = site.check_starter
    async with starter.receive_upload(sent, fresh, address_of(request), is_bound=bool(owner)) as (check, form):
        work = await asyncio.to_thread(starter.start_check, check, form, may_store=may_store, key=sent_key)
    if "application/json" in request.headers.get("accept", ""):
        address = f"/checks/{check.key}"
        response: Response = JSONResponse({"address": root_of(request) + address}, 202, {"Location": address})
    else:
        if work:
            await wait_for_check(request, work)
            work.future.result()
        response = await asyncio.to_thread(_render_outcome, request, site, check)
    if key:
        set_visitor_cookie(response, key, secure=is_secure(request))
    return response


def form_view(
    site: Site,
    snapshot: Snapshot,
    owner: str,
    check: CheckSession | None = None,
    query: Mapping[str, str] | None = None,
    *,
    is_over: bool = True,
) -> View:
    """Build the form, with a running or finished check above it."""
    context: dict[str, Any] = {
        "values": EMPTY | (dict(check.values) if check else {}),
        "check": check,
        "is_over": is_over,
        "faults": check.faults if check and is_over else {},
        "tracks": TRACKS.values(),
        "system_types": list_system_types(),
        "publish_choices": PUBLISH,
        "limit": site.settings.max_upload_bytes,
        "has_tasks": bool(snapshot.tasks),
        "idempotency_key": secrets.token_urlsafe(16),
        "foretold": build_preview(check, snapshot, query or {}, _default_protocol(site, check))
        if check and is_over
        else None,
        "mine": owner_rows(snapshot, owner)[:LATEST] if owner else [],
        "held": site.storing.list_pending(owner)[-LATEST:],
        "is_account": owner.startswith("hf:"),
        "limits": {name: most for name, most in site.settings.limits.items() if name in TRACKS},
        "used": {
            name: count_used_attempts(snapshot, owner, name) for name in site.settings.limits if owner.startswith("hf:")
        },
        "has_key": bool(owner),
        "lasting": format_duration,
        "lasting_span": format_duration_range,
        "amount_span": format_amount_range,
    }
    return View("submit.html", context)


def _default_protocol(site: Site, check: CheckSession) -> str:
    track = check.values.get("track", "")
    return site.settings.protocol_of(track if track in TRACKS else FIRST_TRACK)


def _render_outcome(request: Request, site: Site, check: CheckSession) -> Response:
    if check.submission:
        site.checks.discard(check)
        site.storing.wait_until_settled(check.submission, WAIT_SECONDS)
        return RedirectResponse(f"/submissions/{check.submission}", 303)
    view = form_view(site, site.reader.snapshot(), check.owner, check)
    return site.render(request, view, 422 if check.refused else 200)


ROUTES = [page_route("/submit", submit_page, personal=True), Route("/submit", post_submit, methods=["POST"])]
