"""Middleware: security headers, compression, and rejection of requests before any page runs."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leaderboard.web.uploads import LARGEST, MemoryBudget, is_upload, limit_body

SAFE = {"GET", "HEAD", "OPTIONS"}


def security_headers(frame_ancestors: str) -> dict[str, str]:
    """Return the security headers of every response; `frame_ancestors` as in a Content-Security-Policy."""
    return {
        # No inline script or style sheet, nothing from another host. Style attributes place the bars in cells.
        # A Space is shown inside huggingface.co.
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
            "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
            f"frame-ancestors {frame_ancestors}"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


class SecurityHeaders:
    """Middleware that adds security headers to every response and rejects requests from other sites that act."""

    def __init__(self, app: ASGIApp, frame_ancestors: str) -> None:
        self.app = app
        self._headers = security_headers(frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["method"] not in SAFE and is_cross_site(Headers(scope=scope)):
            refusal = PlainTextResponse(
                "This request came from another site. Open the page here and send it again.\n", 403
            )
            await refusal(scope, receive, send_guarded)
        else:
            await self.app(scope, receive, send_guarded)


class GzipPages:
    """Middleware that gzips pages. Gradio compresses only text files by extension (.js, .css, .csv)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.zipped = GZipMiddleware(app, minimum_size=1000, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and "." not in scope["path"] and not scope["path"].startswith("/gradio_api")
        await (self.zipped if is_page else self.app)(scope, receive, send)


class BodyLimit:
    """Middleware that limits request bodies in memory, each and all together; uploads go to disk instead."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.budget = MemoryBudget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_upload(request := Request(scope, receive)):
            await self.app(scope, receive, send)
            return
        reserved = 0

        def reserve(size: int) -> None:
            nonlocal reserved
            self.budget.reserve(size)
            reserved += size

        try:
            limited = limit_body(request, LARGEST, reserve).receive
        except HTTPException as error:  # what it says of its length is too much already
            await PlainTextResponse(f"{error.detail}\n", error.status_code)(scope, receive, send)
            return
        try:
            await self.app(scope, limited, send)
        finally:
            self.budget.release(reserved)


def is_cross_site(headers: Headers) -> bool:
    """Return whether a browser reports that another site made this request.

    Browsers send Sec-Fetch-Site, older ones only Origin; a program that sends neither has no visitor's session.
    """
    if site := headers.get("sec-fetch-site"):
        return site not in {"same-origin", "none"}
    if origin := headers.get("origin"):
        try:
            return urlsplit(origin).netloc != headers.get("host")
        except ValueError:  # no address at all, such as http://[
            return True
    return False
