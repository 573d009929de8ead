"""Health checks for the machines that run the site: /healthz for the process, /readyz for the arena."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from leaderboard.web.site import site_of
from submissions.errors import ArenaError

NO_STORE = {"Cache-Control": "no-store"}
RETRY_SECONDS = 30
log = logging.getLogger(__name__)


async def healthz(_: Request) -> Response:
    """Answer that the process is alive, without reading the arena or waiting for a thread."""
    return PlainTextResponse("The web server is running.\n", headers=NO_STORE)


def readyz(request: Request) -> Response:
    """Answer 200 if pages can be made from the arena, else 503 with the reason; the log has the details."""
    try:
        snapshot = site_of(request).reader.snapshot()
    except (ArenaError, OSError) as error:
        log.error("Not ready: %s", error)
        text = f"Not ready: the arena cannot be read ({type(error).__name__}). The server's log has the details.\n"
        return PlainTextResponse(text, 503, {**NO_STORE, "Retry-After": str(RETRY_SECONDS)})
    return PlainTextResponse(f"Ready: {len(snapshot.tasks)} tasks are open.\n", headers=NO_STORE)


ROUTES = [Route("/healthz", healthz), Route("/readyz", readyz)]
