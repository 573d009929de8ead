"""The submit form: takes an upload, has it checked while its sender watches, and stores it only if all is well."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, get_args

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from leaderboard.checks import Busy, Check
from leaderboard.examine import CHECKS, FIELDS, examine
from leaderboard.foretold import foretold
from leaderboard.identity import hand_over, new_key, owner_of
from leaderboard.lasting import amount_span, lasting_span
from leaderboard.pages.submissions import rows_of
from leaderboard.snapshot import Snapshot
from leaderboard.upload import MOST_FIELDS, MOST_FILES, limited, most_bytes, saved
from leaderboard.web import Site, View, Visit, page, site_of
from submissions.models import SystemType
from submissions.tracks import TRACKS, track_named

PUBLISH = {"on_request": "Keep it private until I publish it", "at_once": "Publish it as soon as it is evaluated"}
EMPTY = dict.fromkeys(FIELDS, "") | {"track": next(iter(TRACKS)), "publish": next(iter(PUBLISH))}
LATEST = 5
"""Of a visitor's own submissions, on this page."""
log = logging.getLogger(__name__)


def show(visit: Visit) -> View:
    """The empty form, and what this browser sent before."""
    return form_view(visit.site, visit.snapshot, visit.owner)


async def take(request: Request) -> Response:
    """Check what was sent; store it if that was asked for and nothing is wrong.

    A script is told at once where the check can be watched; without one the answer is the finished report.
    """
    site, owner = site_of(request), owner_of(request)
    key, fresh = new_key() if not owner else ("", owner)
    sent = limited(request, most_bytes(request, site.settings.max_upload_bytes))
    async with sent.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
        check = _begun(site, fresh, _values(form), is_bound=bool(owner))
        work = await asyncio.to_thread(_set_going, site, check, form)
    if "application/json" in request.headers.get("accept", ""):
        address = f"/checks/{check.key}"
        response: Response = JSONResponse({"address": address}, 202, {"Location": address})
    else:
        if work:
            await asyncio.wrap_future(work)
        response = await asyncio.to_thread(_answer, request, site, check)
    if key:
        hand_over(response, key, secure=_is_secure(request))
    return response


def form_view(
    site: Site,
    snapshot: Snapshot,
    owner: str,
    check: Check | None = None,
    query: Mapping[str, str] | None = None,
    *,
    is_over: bool = True,
) -> View:
    """The form, and above it a check, running or over."""
    context: dict[str, Any] = {
        "values": check.values if check else EMPTY,
        "check": check,
        "is_over": is_over,
        "faults": check.faults if check and is_over else {},
        "tracks": TRACKS.values(),
        "system_types": get_args(SystemType),
        "publish_choices": PUBLISH,
        "limit": site.settings.max_upload_bytes,
        "has_tasks": bool(snapshot.tasks),
        "foretold": foretold(check, snapshot, query or {}, site.settings.protocol) if check and is_over else None,
        "mine": rows_of(snapshot, owner)[:LATEST] if owner else [],
        "has_key": bool(owner),
        "lasting_span": lasting_span,
        "amount_span": amount_span,
    }
    return View("submit.html", context)


def _begun(site: Site, owner: str, values: Mapping[str, str], *, is_bound: bool) -> Check:
    track_named(values["track"])
    try:
        return site.checks.begin(owner, values, is_bound=is_bound)
    except Busy as error:
        what = "Too many deliveries are being checked right now. Please try again in a minute."
        raise HTTPException(503, what, {"Retry-After": "60"}) from error


def _set_going(site: Site, check: Check, form: FormData) -> Future[None] | None:
    """Save the upload and put its check into the queue; None if there is nothing to check."""
    uploads = [part for part in form.getlist("files") if isinstance(part, UploadFile) and part.filename]
    if not uploads:
        check.faults = {"files": "Choose at least one file."}
        check.end()
        return None
    try:
        sources = saved(uploads, check.folder)
        snapshot = site.reader.snapshot()
    except BaseException:
        # One that nobody works on would hold its place among those that run for good.
        check.broken = True
        check.end()
        raise
    track, is_final = track_named(check.values["track"]), form.get("action") == "submit"
    work = CHECKS.submit(examine, check, site.reader.arena, snapshot, track, sources, store=is_final)
    work.add_done_callback(_log_failure)
    return work


def _log_failure(work: Future[None]) -> None:
    if error := work.exception():
        log.error("a check failed", exc_info=error)


def _answer(request: Request, site: Site, check: Check) -> Response:
    if check.submission:
        site.checks.forget(check)
        return RedirectResponse(f"/submissions/{check.submission}", 303)
    view = form_view(site, site.reader.snapshot(), check.owner, check)
    return site.render(request, view, 422 if check.refused else 200)


def _is_secure(request: Request) -> bool:
    return request.headers.get("x-forwarded-proto", request.url.scheme).startswith("https")


def _values(form: FormData) -> dict[str, str]:
    given = {name: form.get(name) for name in EMPTY}
    values = {name: value if isinstance(value, str) else EMPTY[name] for name, value in given.items()}
    return values if values["publish"] in PUBLISH else values | {"publish": EMPTY["publish"]}


ROUTES = [page("/submit", show, personal=True), Route("/submit", take, methods=["POST"])]
