"""POST /api/submit, the submit form for programs: files or named data sets, and a token for the owner."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from leaderboard.pages.submit.api_outcome import TokenRejected, check_outcome, token_owner
from leaderboard.submit.idempotency import HEADER
from leaderboard.submit.start_check import wait_for_check
from leaderboard.web.auth.visitor import address_of
from leaderboard.web.fault_answers import explain_fault
from leaderboard.web.site import site_of
from leaderboard.web.uploads import limit_body, max_body_bytes

STATUS = {
    "stored": HTTPStatus.CREATED,
    "waiting": HTTPStatus.ACCEPTED,
    "passed": HTTPStatus.OK,
    "refused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "broken": HTTPStatus.INTERNAL_SERVER_ERROR,
}


async def post_api_submit(request: Request) -> Response:
    """Check the data, store it if `action` is `submit`, and return the outcome as JSON."""
    site = site_of(request)
    try:
        owner = await asyncio.to_thread(token_owner, site, _bearer_token(request))
    except TokenRejected as error:
        return JSONResponse({"error": str(error)}, 401, {"WWW-Authenticate": "Bearer"})
    sent_key = request.headers.get(HEADER)
    body = limit_body(request, max_body_bytes(request, site.settings.max_upload_bytes))
    starter, address = site.check_starter, "" if owner else address_of(request)
    async with starter.receive_upload(body, owner, address, is_bound=True) as (check, form):
        work = await asyncio.to_thread(starter.start_check, check, form, may_store=True, key=sent_key)
    if work:
        await wait_for_check(request, work)
    told = await asyncio.to_thread(check_outcome, site, check)
    if check.failure and (answer := explain_fault(check.failure)):
        return JSONResponse(told, answer.status, answer.headers)
    return JSONResponse(told, STATUS[told["state"]])


def _bearer_token(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


ROUTES = [Route("/api/submit", post_api_submit, methods=["POST"])]
