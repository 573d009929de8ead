"""Single flight: one computation for a key, however many visitors wait for it, none for those who left."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")
MAX_RUNNING = 6
"""Pages rendered at the same time; further ones wait in a queue, where they can still be cancelled.

Each more would let the event loop wait for another turn of the interpreter lock.
"""


@dataclass
class _Flight(Generic[T]):
    future: Future[T]
    visitors: int = 0
    """Visitors who wait for it."""


class SingleFlight(Generic[T]):
    """Runs functions in threads of its own. Its visitors wait in the event loop, so none of them takes a thread."""

    def __init__(self, max_running: int = MAX_RUNNING) -> None:
        self._threads = ThreadPoolExecutor(max_running, thread_name_prefix="page")
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def run(self, request: Request, key: Hashable, compute: Callable[[], T]) -> T:
        """Return the value of `compute`, or of the call that is already computing it for this key.

        An error reaches all who wait for that call, and nobody later. Raises ClientDisconnect once the visitor has
        left; a call for which nobody waits any more is cancelled unless it has begun.
        """
        if await request.is_disconnected():
            raise ClientDisconnect
        flight = self._join(key, compute)
        try:
            return await wait_with_visitor(request, flight.future)
        finally:
            self._leave(key, flight)

    def close(self) -> None:
        """Cancel all calls that have not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _join(self, key: Hashable, compute: Callable[[], T]) -> _Flight[T]:
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                flight = self._flights[key] = _Flight(self._threads.submit(self._compute, key, compute))
            flight.visitors += 1
            return flight

    def _compute(self, key: Hashable, compute: Callable[[], T]) -> T:
        try:
            return compute()
        finally:
            with self._lock:
                self._flights.pop(key, None)

    def _leave(self, key: Hashable, flight: _Flight[T]) -> None:
        with self._lock:
            flight.visitors -= 1
            if not flight.visitors and flight.future.cancel() and self._flights.get(key) is flight:
                del self._flights[key]


async def wait_with_visitor(request: Request, future: Future[T]) -> T:
    """Wait for a value until the visitor leaves. Raises ClientDisconnect."""
    value = asyncio.wrap_future(_follow_future(future))
    left = asyncio.ensure_future(_wait_until_left(request))
    either: set[asyncio.Future[Any]] = {value, left}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not value.done():
            raise ClientDisconnect
        return value.result()
    finally:
        left.cancel()
        value.cancel()


def _follow_future(future: Future[T]) -> Future[T]:
    """Return a future with the same outcome, whose cancellation leaves the other one alone."""
    follower: Future[T] = Future()

    def copy_outcome(done: Future[T]) -> None:
        if not follower.set_running_or_notify_cancel():
            return
        if done.cancelled():
            follower.set_exception(ClientDisconnect())
        elif error := done.exception():
            follower.set_exception(error)
        else:
            follower.set_result(done.result())

    future.add_done_callback(copy_outcome)
    return follower


async def _wait_until_left(request: Request) -> None:
    """Read what is left of a request until its client disconnects."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
