"""What programs may ask, in a form for programs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from leaderboard.web.site import PageRequest, cached_route


def openapi_page(request: Request, visit: PageRequest) -> Response:
    """The OpenAPI document of this site's own tables and end points; Gradio's is at /gradio_api/openapi.json."""
    from leaderboard.api.openapi import (
        build_document,  # here, because it is written from the pages, this one among them
    )

    return JSONResponse(build_document(request.app.routes, visit.origin))


ROUTES = [cached_route("/openapi.json", openapi_page)]
