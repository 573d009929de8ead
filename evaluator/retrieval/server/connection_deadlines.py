"""Deadlines of a server's connections: a thread ends those of clients that are too slow."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

_CHECK_SECONDS = 0.25


class ConnectionDeadlines:
    """Ends connections at their deadlines, however slowly bytes trickle; and counts connections."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deadlines: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        self._is_closed = threading.Event()

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="deadlines", daemon=True).start()

    def add_connection(self, connection: socket.socket, limit: int) -> bool:
        """Count a connection, without a deadline yet; False if `limit` are open already."""
        with self._lock:
            if len(self._deadlines) >= limit:
                return False
            self._deadlines[connection] = math.inf
            return True

    def set_deadline(self, connection: socket.socket, seconds: float) -> None:
        """End the connection in this many seconds, unless a later call says otherwise."""
        with self._lock:
            self._deadlines[connection] = self._clock() + seconds

    def remove_connection(self, connection: socket.socket) -> None:
        """Forget a connection that is about to be closed."""
        with self._lock:
            self._deadlines.pop(connection, None)

    def end_overdue(self) -> int:
        """End the connections whose deadline has passed; return their number."""
        now = self._clock()
        with self._lock:  # until they are ended: a closed connection's number may be another's
            overdue = [one for one, deadline in self._deadlines.items() if deadline <= now]
            for connection in overdue:
                self._deadlines[connection] = math.inf
                with suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)
        return len(overdue)

    def close(self) -> None:
        """End the thread."""
        self._is_closed.set()

    def _run(self) -> None:
        while not self._is_closed.wait(_CHECK_SECONDS):
            self.end_overdue()
