"""Error pages, in the form that was asked for: HTML, JSON or plain text."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from leaderboard.web.fault_answers import RETRY_SECONDS, explain_fault
from leaderboard.web.middleware import security_headers
from leaderboard.web.site import View, site_of
from submissions.errors import ArenaError, RateLimited

log = logging.getLogger(__name__)


def client_left(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """End the work for a request whose client is gone; nobody reads this answer."""
    return Response(status_code=499)


def not_found(request: Request, error: Exception) -> Response:
    """Answer an unknown name with the list of existing ones."""
    return error_response(request, 404, "Not found", str(error))


def http_error(request: Request, error: Exception) -> Response:
    """Answer a page's HTTPException, or a URL without a page."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return error_response(request, 404, "Page not found", f"No page at {request.url.path[:200]}.")
    return error_response(request, error.status_code, "Request failed", error.detail, error.headers)


def rate_limited(request: Request, error: Exception) -> Response:
    """Answer a request that cannot be stored now, with the retry time; nothing is lost."""
    assert isinstance(error, RateLimited)
    wait = max(1, math.ceil((error.until - datetime.now(UTC)).total_seconds()))
    return error_response(request, 503, "Too many requests", str(error), {"Retry-After": str(wait)})


def our_error(request: Request, error: Exception) -> Response:
    """Answer a fault of the arena or of its Hub that passes or that the organiser can fix; the log has the details."""
    assert isinstance(error, (ArenaError, OSError))
    answer = explain_fault(error)
    if answer is None:
        raise error  # server_error answers, and the log gets the traceback
    log.error("%s %s: %s", request.method, request.url.path, answer.detail)
    return error_response(request, answer.status, answer.title, answer.text, answer.headers)


def hub_unreachable(request: Request, error: Exception) -> Response:
    """Answer while the sign-in provider does not answer."""
    log.error("%s %s: %s", request.method, request.url.path, error)
    what = "Hugging Face does not answer, so nobody can sign in now. Please try again in a minute."
    return error_response(request, 503, "Hugging Face does not answer", what, {"Retry-After": str(RETRY_SECONDS)})


def server_error(request: Request, error: Exception) -> Response:
    """Answer an internal error. The log has the details, under the page's address."""
    log.error("%s %s: %s", request.method, request.url.path, error)
    what = "The error is on our side and has been logged with this page's URL. Please try again later."
    # Starlette answers for a broken page outside of all middleware, so the guard cannot add its headers.
    headers = security_headers(site_of(request).settings.frame_ancestors)
    return error_response(request, 500, "Internal error", what, headers)


def error_response(
    request: Request, status: int, title: str, what: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Build an error in the requested form: a page, JSON for `.json` and the API, plain text for other files."""
    path = request.url.path
    # What is not there now may be soon, and a personal page refuses one visitor and not the next.
    headers = {"Cache-Control": "no-store", **(headers or {})}
    accepted = request.headers.get("accept", "")
    is_program = "application/json" in accepted and "text/html" not in accepted
    if is_program or path.endswith(".json") or path.startswith(("/gradio_api", "/config", "/api/")):
        return JSONResponse({"error": what, "detail": what}, status, headers)
    if path.endswith((".csv", ".parquet")):
        return PlainTextResponse(what + "\n", status, headers)
    response = site_of(request).render(request, View("error.html", {"title": title, "what": what}), status)
    response.headers.update(headers)
    return response
