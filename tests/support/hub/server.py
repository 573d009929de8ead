"""The Hub on a port of this machine."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.support.hub.api import Answer, Api, Cut
from tests.support.hub.faults import Clock, Faults
from tests.support.hub.oidc import Provider
from tests.support.hub.store import Store

ADMIN = "/-/"


@dataclass
class Hub:
    """A running Hub, for tests to look into: what it keeps, its faults, its clock, and the requests that it got."""

    url: str
    store: Store
    faults: Faults = field(default_factory=Faults)
    clock: Clock = field(default_factory=Clock)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api = Api(self.store, self.faults, self.clock)
        self.oidc = Provider(self.url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request, await request.body())
        except Failed as failed:
            response = failed.response
        except Cut:
            send.__self__.transport.abort()  # type: ignore[attr-defined]  # uvicorn's own cycle of request and response
            return
        response.headers.setdefault("X-Request-Id", f"request-{len(self.requests)}")
        await response(scope, receive, send)

    async def _answer(self, request: Request, body: bytes) -> Response:
        path = request.url.path
        if path.startswith(ADMIN) and not path.startswith("/-/lfs/"):
            return await self._administer(request)
        self.requests.append(f"{request.method} {path}")
        if self.faults.slow:
            await asyncio.sleep(self.faults.slow)
        self._fail(path)
        if answer := await self.oidc.answer(request):
            return answer
        return await run_in_threadpool(self.api.answer, request, body)

    def _fail(self, path: str) -> None:
        """Raises Cut or Answer for a switched fault."""
        fault = self.faults.requests.popleft() if self.faults.requests else "ok"
        if fault == "reset":
            raise Cut
        if self.faults.down or fault in ("500", "503"):
            raise Failed(Answer(int(fault) if fault != "ok" else 503, "Service Unavailable").response)
        if self.faults.limited and path.startswith("/api/"):
            self.faults.limited -= 1
            wait = str(self.faults.limited_for)
            limit = {"RateLimit": f'"api";r=0;t={wait}', "RateLimit_Policy": '"fixed window";"api";q=500;w=300'}
            raise Failed(Answer(429, "Too many requests", **limit).response)

    async def _administer(self, request: Request) -> Response:
        """GET /-/ shows switches, users and requests; POST /-/faults sets switches; POST /-/clock moves the clock."""
        if request.method == "POST":
            wish = await request.json()
            if request.url.path == "/-/clock":
                self.clock.forward(float(wish["forward"]))
            for name in wish.keys() & {one.name for one in fields(Faults)}:
                present = getattr(self.faults, name)
                setattr(self.faults, name, type(present)(wish[name]) if hasattr(present, "__len__") else wish[name])
        shown = {one.name: _plain(getattr(self.faults, one.name)) for one in fields(Faults)}
        recent = self.requests[-100:]
        return JSONResponse(
            {"faults": shown, "time": str(self.clock()), "repos": self.store.repos(), "requests": recent}
        )


class Failed(Exception):
    """A switched fault's answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def _plain(value: object) -> object:
    if isinstance(value, int | float | str | None):
        return value
    return list(value) if hasattr(value, "__iter__") else str(value)


class QuickServer(uvicorn.Server):
    """Notices that it should end within a hundredth of a second instead of a tenth: hundreds of tests wait for it."""

    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:
            await asyncio.sleep(0.01)


@contextmanager
def loopback(folder: Path, port: int = 0) -> Iterator[Hub]:
    """A Hub in a thread of this process, on a free port unless one is named."""
    listener = socket.create_server(("127.0.0.1", port))
    store = Store(folder)
    hub = Hub(f"http://127.0.0.1:{listener.getsockname()[1]}", store)
    server = QuickServer(uvicorn.Config(hub, log_level="critical", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        if hub.faults.gate is not None:
            hub.faults.gate.set()
        server.should_exit = True
        thread.join(10)
        listener.close()
        store.close()
