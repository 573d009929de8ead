"""Open connections of the server by address: caps, eviction of incomplete requests, the log of closed ones."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from leaderboard.web.addresses import group_address

HEAD_SECONDS = 10.0
"""Maximum seconds of a request's head, from the start of the connection or the first byte of a next request."""
KEEP_ALIVE_SECONDS = 5
"""Seconds that a connection may stay open between two requests."""
CREDIT_SECONDS = 20.0
"""Seconds that a client may lag behind the least rate of a body, or of reading an answer."""
MIN_BODY_BYTES_PER_SECOND = 16 * 2**10
MIN_READ_BYTES_PER_SECOND = 4 * 2**10
MAX_BODY_SECONDS = 3600.0
"""Maximum seconds of a request's body, however fast it arrives."""
UNREAD_BODY_SECONDS = 5.0
"""Seconds to discard the rest of a body whose request has its answer already, so that the client can read that."""
LOG_SECONDS = 10.0
"""Minimum seconds between two lines of the log."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ConnectionLimits:
    """Caps on connections that are open at the same time."""

    total: int
    per_address: int
    """Of one address, /64 for IPv6."""
    incomplete_per_address: int
    """Of these, connections without a complete request: the oldest is closed for a new one."""


def make_limits(total: int) -> ConnectionLimits:
    """Make limits for a number of connections in total."""
    return ConnectionLimits(total, per_address=max(1, total // 2), incomplete_per_address=max(1, min(128, total // 4)))


class Connection(Protocol):
    """A connection as the registry sees it."""

    address: str

    @property
    def has_head(self) -> bool:
        """True while a request is being received or answered."""

    def find_fault(self, now: float, passed: float) -> str:
        """Return why this connection must be closed; empty if it may stay. `passed`: seconds since the last call."""

    def close_early(self, status: int) -> None:
        """Answer with a status if the client can still take an answer, and close."""


class ConnectionRegistry:
    """Connections of one server. Used by its event loop alone."""

    def __init__(
        self,
        limits: ConnectionLimits,
        is_proxy: Callable[[str], bool] = lambda _: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self._is_proxy = is_proxy
        """Whether all visitors may come from this address, so that it has no caps of its own."""
        self.clock = clock
        self._open: dict[Connection, None] = {}
        self._per_address: Counter[str] = Counter()
        self._incomplete: dict[str, dict[Connection, None]] = {}
        """Connections without a complete request by address, oldest first."""
        self._closed: Counter[str] = Counter()
        self._last_check = clock()
        self._last_log = clock() - LOG_SECONDS

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: Connection) -> None:
        """Register a new connection; close the oldest incomplete one if it is one too many, else this one."""
        has_caps = not self._is_proxy(connection.address)
        connection.address = address = group_address(connection.address)
        self._open[connection] = None
        self._per_address[address] += 1
        self.mark_incomplete(connection, is_incomplete=True)
        limits = self.limits
        if has_caps and len(self._incomplete[address]) > limits.incomplete_per_address:
            self._evict(address, connection, "too many incomplete requests of one address")
        elif has_caps and self._per_address[address] > limits.per_address:
            self._evict(address, connection, "too many connections of one address")
        elif len(self._open) > limits.total:
            most = max(self._incomplete, key=lambda name: len(self._incomplete[name]))
            self._evict(most, connection, "too many connections")

    def forget(self, connection: Connection) -> None:
        """Remove a connection that is closed."""
        if connection in self._open:
            del self._open[connection]
            self.mark_incomplete(connection, is_incomplete=False)
            self._per_address[connection.address] -= 1
            if not self._per_address[connection.address]:
                del self._per_address[connection.address]

    def mark_incomplete(self, connection: Connection, *, is_incomplete: bool) -> None:
        """Record whether a connection waits for the rest of a request, or for a next one."""
        waiting = self._incomplete.setdefault(connection.address, {})
        if is_incomplete:
            waiting.setdefault(connection)
        else:
            waiting.pop(connection, None)
            if not waiting:
                del self._incomplete[connection.address]

    def close_overdue(self) -> None:
        """Close connections that are past a deadline, and log the number; called once a second."""
        now = self.clock()
        passed, self._last_check = now - self._last_check, now
        for connection in list(self._open):
            if why := connection.find_fault(now, passed):
                self._close(connection, why, 408)
        if self._closed and now - self._last_log >= LOG_SECONDS:
            reasons = ", ".join(f"{why} ({count})" for why, count in sorted(self._closed.items()))
            log.warning("Closed connections: %s. Open: %d of %d.", reasons, len(self), self.limits.total)
            self._closed.clear()
            self._last_log = now

    def _evict(self, address: str, newcomer: Connection, why: str) -> None:
        others = [connection for connection in self._incomplete.get(address, ()) if connection is not newcomer]
        without_head = (connection for connection in others if not connection.has_head)
        oldest = next(without_head, others[0] if others else newcomer)
        self._close(oldest, why, 503)

    def _close(self, connection: Connection, why: str, status: int) -> None:
        self._closed[why] += 1
        self.forget(connection)
        connection.close_early(status)
