"""The submit form: takes an upload, has it checked while its sender watches, and stores it only if all is well."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, get_args

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from leaderboard.data.attempts import count_used_attempts
from leaderboard.data.snapshot import Snapshot
from leaderboard.pages.submissions import owner_rows
from leaderboard.submit.check_job import CHECKS, FIELDS, CheckRequest, run_check_job
from leaderboard.submit.check_sessions import MOST_OWN, CheckSession, TooManyChecks, TooManyOwnChecks
from leaderboard.submit.preview import build_preview
from leaderboard.web.auth.oauth import account_of
from leaderboard.web.auth.visitor import address_of, new_visitor_key, set_visitor_cookie, visitor_owner
from leaderboard.web.rate_limit import check_hourly_limit
from leaderboard.web.site import PageRequest, Site, View, is_secure, page_route, site_of
from leaderboard.web.uploads import MOST_FIELDS, MOST_FILES, limit_body, max_body_bytes, save_uploads
from submissions.checking.hub_datasets import parse_hub_datasets
from submissions.errors import InvalidFile
from submissions.estimation.durations import format_amount_range, format_duration, format_duration_range
from submissions.records.submission import SystemType
from submissions.tracks import TRACKS, get_track

PUBLISH = {"on_request": "Keep it private until I publish it", "at_once": "Publish it as soon as it is evaluated"}
EMPTY = dict.fromkeys(FIELDS, "") | {"track": next(iter(TRACKS)), "publish": next(iter(PUBLISH)), "hub_data": ""}
MOST_SENT = 20
"""Submissions of one owner an hour."""
LATEST = 5
"""Of a visitor's own submissions, on this page."""
PATIENCE = 5.0
"""Seconds for which an answer waits for the Hub to take what was accepted."""
log = logging.getLogger(__name__)


def submit_page(visit: PageRequest) -> View:
    """The empty form, and what this browser sent before."""
    return form_view(visit.site, visit.snapshot, visit.owner)


async def post_submit(request: Request) -> Response:
    """Check what was sent; store it if that was asked for and nothing is wrong.

    A script is told at once where the check can be watched; without one the answer is the finished report.
    """
    site, owner = site_of(request), visitor_owner(request)
    key, fresh = new_visitor_key() if not owner else ("", owner)
    sent = limit_body(request, max_body_bytes(request, site.settings.max_upload_bytes))
    may_store = not site.settings.sign_in or account_of(request) is not None
    with reserve_check(site, fresh, address_of(request), is_bound=bool(owner)) as check:
        async with sent.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
            work = await asyncio.to_thread(start_check, site, check, form, may_store=may_store)
    if "application/json" in request.headers.get("accept", ""):
        address = f"/checks/{check.key}"
        response: Response = JSONResponse({"address": address}, 202, {"Location": address})
    else:
        if work:
            await asyncio.wrap_future(work)
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
    """The form, and above it a check, running or over."""
    context: dict[str, Any] = {
        "values": EMPTY | (dict(check.values) if check else {}),
        "check": check,
        "is_over": is_over,
        "faults": check.faults if check and is_over else {},
        "tracks": TRACKS.values(),
        "system_types": get_args(SystemType),
        "publish_choices": PUBLISH,
        "limit": site.settings.max_upload_bytes,
        "has_tasks": bool(snapshot.tasks),
        "foretold": build_preview(check, snapshot, query or {}, site.settings.protocol) if check and is_over else None,
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


@contextmanager
def reserve_check(site: Site, owner: str, address: str, *, is_bound: bool) -> Iterator[CheckSession]:
    """A new check, to be held before anything of an upload is written to the disk; given up if it cannot be set going.

    Raises HTTPException 429 or 503 while too many run.
    """
    check = begin_check(site, owner, address, is_bound=is_bound)
    try:
        yield check
    except BaseException:
        # One that nobody works on would hold its place among those that run for good.
        site.checks.discard(check)
        raise


def begin_check(site: Site, owner: str, address: str, *, is_bound: bool) -> CheckSession:
    """A new check. Raises HTTPException 429 while this owner has too many running, 503 while all have."""
    try:
        return site.checks.create_session(owner, {}, address=address, is_bound=is_bound)
    except TooManyOwnChecks as error:
        what = f"{MOST_OWN} of your deliveries are being checked right now. Send the next when one of them is through."
        raise HTTPException(429, what, {"Retry-After": "60"}) from error
    except TooManyChecks as error:
        what = "Too many deliveries are being checked right now. Please try again in a minute."
        raise HTTPException(503, what, {"Retry-After": "60"}) from error


def start_check(site: Site, check: CheckSession, form: FormData, *, may_store: bool) -> Future[None] | None:
    """Save the upload and put its check into the queue; None if there is nothing to check.

    Raises NotFound for no such board, HTTPException 429.
    """
    check.values = form_values(form)
    track = get_track(check.values["track"])
    uploads = [part for part in form.getlist("files") if isinstance(part, UploadFile) and part.filename]
    try:
        named = parse_hub_datasets(check.values["hub_data"])
    except InvalidFile as unfit:
        _end_with_faults(check, {"hub_data": str(unfit)})
        return None
    if not uploads and not named:
        _end_with_faults(check, {"files": "Choose at least one file."})
        return None
    is_final = form.get("action") == "submit"
    if is_final and not may_store:
        check.faults = {"sign_in": "Sign in with Hugging Face, at the top of the page, and send it again."}
    elif is_final:
        check_submission_quota(site, check.owner)
    parcel = CheckRequest(track, save_uploads(uploads, check.folder), named, site.settings.max_upload_bytes, is_final)
    return enqueue_check(site, check, parcel)


def check_submission_quota(site: Site, owner: str) -> None:
    """Raises HTTPException 429 if an owner has submitted as much within the last hour as one may."""
    if not owner:
        return  # nobody's: it cannot be told whose the others were
    sent = {one.id: one.created_at for one in site.reader.snapshot().briefs.values() if one.owner == owner}
    sent |= {held.submission.id: held.submission.created_at for held in site.storing.list_pending(owner)}
    check_hourly_limit(sent.values(), MOST_SENT, f"You made {MOST_SENT} submissions within the hour.")


def enqueue_check(site: Site, check: CheckSession, parcel: CheckRequest) -> Future[None]:
    """Have a parcel examined when its turn comes."""
    work = CHECKS.submit(run_check_job, check, site.storing, site.reader.snapshot(), parcel)
    work.add_done_callback(_log_failure)
    return work


def _end_with_faults(check: CheckSession, faults: Mapping[str, str]) -> None:
    check.faults = faults
    check.finish()


def _log_failure(work: Future[None]) -> None:
    if error := work.exception():
        log.error("a check failed", exc_info=error)


def _render_outcome(request: Request, site: Site, check: CheckSession) -> Response:
    if check.submission:
        site.checks.discard(check)
        site.storing.wait_until_settled(check.submission, PATIENCE)
        return RedirectResponse(f"/submissions/{check.submission}", 303)
    view = form_view(site, site.reader.snapshot(), check.owner, check)
    return site.render(request, view, 422 if check.refused else 200)


def form_values(form: FormData) -> dict[str, str]:
    """The form's fields, with what is missing as in an empty form."""
    given = {name: form.get(name) for name in EMPTY}
    values = {name: value if isinstance(value, str) else EMPTY[name] for name, value in given.items()}
    return values if values["publish"] in PUBLISH else values | {"publish": EMPTY["publish"]}


ROUTES = [page_route("/submit", submit_page, personal=True), Route("/submit", post_submit, methods=["POST"])]
