"""Programs that call the API or MCP: their addresses, the limit of their checks, and the status of a refusal."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leaderboard.web.addresses import group_address
from submissions.errors import TheirError

MAX_CHECKS = 16
"""Checks of the API and MCP at the same time; each holds a thread of Gradio's or MCP's."""
MAX_CHECKS_PER_ADDRESS = 4
RETRY_SECONDS = 10


class CallRefused(TheirError):
    """Too many calls for another one."""


@dataclass
class Caller:
    """Program that makes a call."""

    address: str
    """Counted address (leaderboard/web/addresses.py)."""
    refusal: int = 0
    """HTTP status of a refusal because of too many calls; 0 for none."""


CALLER: ContextVar[Caller] = ContextVar("CALLER")


class CallCounts:
    """Checks of the API and MCP that wait or run, by address."""

    def __init__(self, total: int = MAX_CHECKS, per_address: int = MAX_CHECKS_PER_ADDRESS) -> None:
        self._total = total
        self._per_address = per_address
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    @contextmanager
    def count_check(self) -> Iterator[None]:
        """Count the caller's check while it waits and runs. Raises CallRefused."""
        caller = CALLER.get(Caller(""))
        with self._lock:
            if self._running[caller.address] >= self._per_address:
                raise refuse_call(429, f"{self._per_address} checks from your address are running.")
            if self._running.total() >= self._total:
                raise refuse_call(503, "Too many checks are running.")
            self._running[caller.address] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= Counter([caller.address])


def refuse_call(status: int, what: str) -> CallRefused:
    """Make the error for a call that is one too many, and set its HTTP status."""
    CALLER.get(Caller("")).refusal = status
    return CallRefused(what if "again" in what else f"{what} Try again in {RETRY_SECONDS} seconds.")


class CallerContext:
    """Middleware that records who calls, and gives refusals their status: Gradio answers each error with 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(("/gradio_api/", "/mcp")):
            await self.app(scope, receive, send)
            return
        caller = Caller(group_address((scope.get("client") or ("", 0))[0]))

        async def send_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] == 500 and caller.refusal:
                    message["status"] = caller.refusal
                if message["status"] in (429, 503):
                    MutableHeaders(scope=message).setdefault("Retry-After", str(RETRY_SECONDS))
            await send(message)

        token = CALLER.set(caller)
        try:
            await self.app({**scope, "caller": caller}, receive, send_status)
        finally:
            CALLER.reset(token)
