"""Gradio's routes that stay open: those that the documented clients need. All others answer 404."""

from __future__ import annotations

import re
from typing import Any, NoReturn

import gradio
from gradio.components.api_component import Api
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

_NAME = r"[^/]+"
OPEN_ROUTES = {
    # gradio_client reads these two before its first call, and `startup-events` is Gradio's own first request.
    r"/config/?": {"GET"},
    r"/gradio_api/info": {"GET"},
    r"/gradio_api/openapi\.json": {"GET"},
    r"/gradio_api/startup-events": {"GET"},
    # Calls: in one request, in two, and through the queue as gradio_client makes them.
    rf"/gradio_api/(?:run|api)/{_NAME}": {"POST"},
    rf"/gradio_api/call/{_NAME}": {"POST"},
    rf"/gradio_api/call/{_NAME}/{_NAME}": {"GET"},
    rf"/gradio_api/call/v2/{_NAME}": {"POST"},
    r"/gradio_api/queue/join": {"POST"},
    r"/gradio_api/queue/data": {"GET"},
    rf"/gradio_api/heartbeat/{_NAME}": {"GET"},
    r"/gradio_api/(?:cancel|reset)": {"POST"},
}
"""Paths of Gradio's routes that answer, as regular expressions, and their methods."""


def is_open(path: str, method: str) -> bool:
    """Return whether a request may reach Gradio."""
    return any(method in methods and re.fullmatch(pattern, path) for pattern, methods in OPEN_ROUTES.items())


class ClosedGradioRoutes(BaseRoute):
    """Route that answers 404 for all of Gradio's routes but the open ones. It stands after ours, before Gradio's."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and is_open(scope["path"], scope["method"]):
            return Match.NONE, {}
        return Match.FULL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["app"].router.not_found(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> NoReturn:
        from starlette.routing import NoMatchFound

        raise NoMatchFound(name, path_params)


def refuse_file_arguments() -> None:
    """Have Gradio refuse files as arguments: it would download any address in one to this machine's disk."""

    async def refuse(*_: object) -> NoReturn:
        raise gradio.Error("Files cannot be arguments: every argument is a string.", print_exception=False)

    Api.async_move_resource_to_block_cache = refuse
