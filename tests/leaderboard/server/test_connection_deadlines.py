"""Slow and many connections, sent to the real server on the loopback, whose clock is moved."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from leaderboard.server.connection_registry import (
    CREDIT_SECONDS,
    HEAD_SECONDS,
    MAX_BODY_SECONDS,
    MIN_BODY_BYTES_PER_SECOND,
    UNREAD_BODY_SECONDS,
    ConnectionLimits,
    ConnectionRegistry,
)
from leaderboard.server.launch import ArenaServer, make_config
from leaderboard.web.errors import client_left

pytestmark = pytest.mark.integration

HALF_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-a: "
POST = b"POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 500000000\r\n\r\nx"
HUGE = 30_000_000


@dataclass
class Arena:
    """The server under test, and its clock."""

    registry: ConnectionRegistry
    port: int
    now: list[float]
    server: ArenaServer
    left: list[str] = field(default_factory=list)

    def connect(self, sent: bytes = b"", *, host: str = "127.0.0.1") -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(host, 0))
        client.sendall(sent)
        return client

    def pass_seconds(self, seconds: float) -> None:
        """Move the clock, and wait until the server has compared it with all deadlines twice."""
        self.now[0] += seconds
        self.run(self.registry.close_overdue)

    def run(self, function: Callable[[], object]) -> None:
        """Call a function in the server's event loop."""

        async def call() -> None:
            function()

        asyncio.run_coroutine_threadsafe(call(), self.loop).result(30)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self.server.servers[0].get_loop()

    def get_page(self, host: str = "127.0.0.1") -> bytes:
        with self.connect(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", host=host) as client:
            return read_all(client)


def read_all(client: socket.socket) -> bytes:
    """Everything up to the end of a connection, or to its reset."""
    parts = []
    try:
        while part := client.recv(2**16):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


@contextmanager
def started(limits: ConnectionLimits, is_proxy: Callable[[str], bool] = lambda _: False) -> Iterator[Arena]:
    now, left = [1000.0], []
    registry = ConnectionRegistry(limits, is_proxy, lambda: now[0])

    async def show_page(request: Request) -> Response:
        return PlainTextResponse("page" if request.url.path == "/" else "x" * HUGE)

    async def count_body(request: Request) -> Response:
        try:
            return PlainTextResponse(str(len(await request.body())))
        except ClientDisconnect:
            left.append(request.url.path)
            raise

    async def refuse_body(_: Request) -> Response:
        return PlainTextResponse("no", 413)

    routes = [Route("/", show_page), Route("/huge", show_page), Route("/refused", refuse_body, methods=["POST"])]
    app = Starlette(
        routes=[*routes, *(Route(path, count_body, methods=["POST"]) for path in ("/count", "/api/submit"))],
        exception_handlers={ClientDisconnect: client_left},
    )
    server = ArenaServer(make_config(app, "127.0.0.1", 0, registry))  # type: ignore[arg-type]
    server.run_in_thread()
    arena = Arena(registry, server.servers[0].sockets[0].getsockname()[1], now, server, left)
    try:
        yield arena
    finally:
        arena.run(lambda: [connection.transport.abort() for connection in list(server.server_state.connections)])  # type: ignore[union-attr]
        server.close()


@pytest.fixture
def arena() -> Iterator[Arena]:
    with started(ConnectionLimits(total=40, per_address=30, incomplete_per_address=10)) as arena:
        yield arena


def wait_for_sent(arena: Arena, count: int) -> None:
    """Wait until the server has so many connections: a page asked for later is answered later."""
    while len(arena.registry) < count:
        arena.get_page("127.0.0.9")


def test_a_half_sent_head_is_answered_408_and_closed(arena: Arena, caplog: pytest.LogCaptureFixture) -> None:
    silent, half = arena.connect(), arena.connect(HALF_HEAD)
    wait_for_sent(arena, 2)
    arena.pass_seconds(HEAD_SECONDS - 1)
    half.sendall(b"b")  # a byte now and then gains nothing
    arena.get_page()
    with caplog.at_level(logging.WARNING):
        arena.pass_seconds(2)
    assert read_all(half).startswith(b"HTTP/1.1 408 ")
    assert read_all(silent) == b""
    assert "no complete request head in time (2)" in caplog.text
    assert arena.get_page().endswith(b"page")


def test_the_next_head_of_a_connection_has_the_same_deadline(arena: Arena) -> None:
    client = arena.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
    client.sendall(HALF_HEAD)
    arena.get_page()
    arena.pass_seconds(HEAD_SECONDS + 1)
    assert b"HTTP/1.1 408 " in read_all(client)


def test_a_head_without_end_is_refused_before_it_fills_the_memory(arena: Arena) -> None:
    client = arena.connect(HALF_HEAD)
    with pytest.raises(OSError, match=r".*"):
        for _ in range(1000):
            client.sendall(b"x" * 2**16)
    assert arena.get_page().endswith(b"page")


def test_a_body_may_not_be_slower_than_the_least_rate(arena: Arena) -> None:
    slow, quick = arena.connect(POST), arena.connect(POST)
    for _ in range(4):
        arena.get_page()
        arena.pass_seconds(CREDIT_SECONDS / 3)
        quick.sendall(b"x" * int(MIN_BODY_BYTES_PER_SECOND * CREDIT_SECONDS))
        slow.sendall(b"x")
        wait_until_read(arena)
    answer = read_all(slow)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"too slowly" in answer
    assert arena.left == ["/count"], "the page's work has ended too"
    assert len(arena.registry) == 1
    quick.close()


def wait_until_read(arena: Arena) -> None:
    """Wait until the server has read all that was sent before: it answers in order."""
    for _ in range(5):
        arena.get_page()


def test_much_at_once_buys_no_hours_of_trickling(arena: Arena) -> None:
    client = arena.connect(POST)
    client.sendall(b"x" * 5_000_000)
    wait_until_read(arena)
    arena.pass_seconds(CREDIT_SECONDS + 1)
    assert read_all(client).startswith(b"HTTP/1.1 408 ")


def test_a_program_reads_the_refusal_as_json(arena: Arena) -> None:
    client = arena.connect(POST.replace(b"/count", b"/api/submit"))
    wait_until_read(arena)
    arena.pass_seconds(CREDIT_SECONDS + 1)
    head, _, body = read_all(client).partition(b"\r\n\r\n")
    assert b"application/json" in head
    assert b'"error": ' in body


def test_no_body_takes_longer_than_the_absolute_limit(arena: Arena) -> None:
    client = arena.connect(POST)
    step = CREDIT_SECONDS * 0.9
    for _ in range(int(MAX_BODY_SECONDS / step)):
        client.sendall(b"x" * int(step * MIN_BODY_BYTES_PER_SECOND))
        wait_until_read(arena)
        arena.pass_seconds(step)
    wait_until_read(arena)
    arena.pass_seconds(CREDIT_SECONDS)
    assert b"HTTP/1.1 408 " in read_all(client)


def test_a_body_after_its_refusal_is_not_read_for_long(arena: Arena) -> None:
    client = arena.connect(POST.replace(b"/count", b"/refused"))
    assert client.recv(4096).startswith(b"HTTP/1.1 413 ")
    client.sendall(b"x")
    wait_until_read(arena)
    arena.pass_seconds(0)
    arena.pass_seconds(UNREAD_BODY_SECONDS + 1)
    assert read_all(client) == b"no"[2:]
    assert len(arena.registry) == 0


def test_a_client_that_never_reads_is_dropped_with_its_answer(arena: Arena) -> None:
    client = arena.connect(b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until_read(arena)
    assert len(arena.registry) == 1
    arena.pass_seconds(0)
    arena.pass_seconds(CREDIT_SECONDS / 2)
    assert len(arena.registry) == 1
    arena.pass_seconds(CREDIT_SECONDS)
    assert len(arena.registry) == 0
    assert len(read_all(client)) < HUGE


def test_a_client_that_reads_slowly_enough_gets_all_of_a_large_answer(arena: Arena) -> None:
    client, size = arena.connect(b"GET /huge HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 0
    while part := client.recv(10**6, socket.MSG_WAITALL):
        size += len(part)
        arena.pass_seconds(CREDIT_SECONDS / 4)
        arena.get_page()
    assert size > HUGE


def test_half_sent_requests_push_out_each_other_and_nobody_else(arena: Arena, caplog: pytest.LogCaptureFixture) -> None:
    upload = arena.connect(POST)
    wait_until_read(arena)
    with ExitStack() as stack:
        flood = [stack.enter_context(arena.connect(HALF_HEAD)) for _ in range(60)]
        assert arena.get_page().endswith(b"page"), "the same address"
        assert arena.get_page("127.0.0.2").endswith(b"page"), "another address"
        assert len(arena.registry) <= 12
        assert read_all(flood[0]).startswith((b"HTTP/1.1 503 ", b""))
        upload.sendall(b"x")
        arena.now[0] += 60
        with caplog.at_level(logging.WARNING):
            arena.pass_seconds(0)
    assert re.search(r"too many incomplete requests of one address \((4\d|5\d)\)", caplog.text)


def test_many_addresses_share_the_total(arena: Arena) -> None:
    with ExitStack() as stack:
        for n in range(100):
            stack.enter_context(arena.connect(HALF_HEAD, host=f"127.0.1.{1 + n % 20}"))
        assert arena.get_page("127.0.0.7").endswith(b"page")
        assert len(arena.registry) <= 41


def test_requests_in_progress_are_never_pushed_out() -> None:
    with started(ConnectionLimits(total=3, per_address=3, incomplete_per_address=2)) as arena, ExitStack() as stack:
        busy = [stack.enter_context(arena.connect(b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")) for _ in range(3)]
        for client in busy:
            assert client.recv(12) == b"HTTP/1.1 200"
        refused = read_all(arena.connect())
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 10" in refused.lower()
        assert len(arena.registry) == 3


def test_a_proxy_from_which_all_visitors_come_has_no_caps_of_its_own() -> None:
    limits = ConnectionLimits(total=30, per_address=3, incomplete_per_address=2)
    with started(limits, lambda address: address == "127.0.0.1") as arena, ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(arena.connect(HALF_HEAD))
        wait_for_sent(arena, 20)
