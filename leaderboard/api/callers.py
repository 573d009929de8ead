"""Programs that call the API or MCP: their addresses, limits and refusals, and the end of checks whose program left."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leaderboard.submit.check_queue import WaitingCheck
from leaderboard.web.addresses import group_address
from submissions.check_process.process import CheckCancelled
from submissions.errors import TheirError

T = TypeVar("T")
MAX_CHECKS = 16
"""Checks of the API and MCP at the same time; each holds a thread of Gradio's or MCP's."""
MAX_CHECKS_PER_ADDRESS = 4
RETRY_SECONDS = 10


class CallRefused(TheirError):
    """Too many calls for another one, or a call whose program has left."""


@dataclass(eq=False)
class Caller:
    """Program that makes a call."""

    address: str
    """Counted address (leaderboard/web/addresses.py)."""
    refusal: int = 0
    """HTTP status of a refusal because of too many calls; 0 for none."""
    has_left: bool = False
    check: WaitingCheck[Any] | None = None
    """The check that the call waits for."""

    def wait_for(self, check: WaitingCheck[T]) -> Future[T]:
        """Wait until a check is over. Raises CallRefused when it was ended because the program has left."""
        self.check = check
        if self.has_left:
            check.abandon()
        try:
            # Not `wait`, which learns of a cancelled check only at its turn.
            is_ended = isinstance(check.future.exception(), CheckCancelled)
        except CancelledError:
            is_ended = True
        self.check = None
        if is_ended:
            raise CallRefused("The check was ended, as nobody waits for its answer.")
        return check.future

    def leave(self) -> None:
        """End the check that the program waits for."""
        self.has_left = True
        if check := self.check:
            check.abandon()


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
        connection = _WatchedConnection(receive, caller)

        async def send_status(message: Message) -> None:
            # A call of Gradio's queue is answered at once, and goes on after that.
            if message["type"] == "http.response.body" and not message.get("more_body"):
                connection.close()
            if message["type"] == "http.response.start":
                if message["status"] == 500 and caller.refusal:
                    message["status"] = caller.refusal
                if message["status"] in (429, 503):
                    MutableHeaders(scope=message).setdefault("Retry-After", str(RETRY_SECONDS))
            await send(message)

        token = CALLER.set(caller)
        try:
            await self.app({**scope, "caller": caller}, connection.receive, send_status)
        finally:
            connection.close()
            CALLER.reset(token)


class _WatchedConnection:
    """Reads on behind the body of a request, so that the end of its connection is noticed while it is answered."""

    def __init__(self, receive: Receive, caller: Caller) -> None:
        self._receive = receive
        self._caller = caller
        self._end: asyncio.Task[None] | None = None
        self._is_closed = False

    async def receive(self) -> Message:
        """Receive the next message, as the app does."""
        if self._end is None:
            message = await self._receive()
            if message["type"] == "http.request":
                if not message.get("more_body") and not self._is_closed:
                    self._end = asyncio.create_task(self._watch())
                return message
            self._leave()
            return message
        await asyncio.wait([self._end])
        return {"type": "http.disconnect"}

    def close(self) -> None:
        """Take an end of the connection from now on for that of an answered call."""
        self._is_closed = True
        if self._end:
            self._end.cancel()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self) -> None:
        if not self._is_closed:
            self._caller.leave()
