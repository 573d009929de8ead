"""HTTP/1.1 protocol of uvicorn with deadlines for head, body and reading, which uvicorn itself lacks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol
from uvicorn.server import ServerState

from leaderboard.server.connection_registry import (
    CREDIT_SECONDS,
    HEAD_SECONDS,
    MAX_BODY_SECONDS,
    MIN_BODY_BYTES_PER_SECOND,
    MIN_READ_BYTES_PER_SECOND,
    UNREAD_BODY_SECONDS,
    ConnectionRegistry,
)

MESSAGES = {
    408: "The request arrived too slowly, so the connection was closed. Please send it again.",
    503: "The server has too many open connections. Please try again in a few seconds.",
}
RETRY_AFTER = b"10"
"""Seconds, in answers with status 503."""


class ServerConfig(uvicorn.Config):
    """Configuration of uvicorn that carries the registry of open connections."""

    registry: ConnectionRegistry


class RateCredit:
    """Seconds that a client may still lag behind a least rate; bytes earn seconds, waiting spends them.

    An average over the whole body would let a client send much at once and then almost nothing for hours.
    """

    def __init__(self, bytes_per_second: int) -> None:
        self.seconds = CREDIT_SECONDS
        self._rate = bytes_per_second

    def earn(self, size: int) -> None:
        """Add the time that a number of bytes may take."""
        self.seconds = min(CREDIT_SECONDS, self.seconds + size / self._rate)

    def spend(self, seconds: float) -> bool:
        """Subtract time that was spent waiting; False once no credit is left."""
        self.seconds -= seconds
        return self.seconds > 0


class DeadlineProtocol(H11Protocol):
    """Connection that is closed if its client sends or reads too slowly. The registry asks once a second.

    h11 by itself limits a head to 16 kB; the Space's lock file has no other parser.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        assert isinstance(config, ServerConfig)
        self.registry = config.registry
        self.address = ""
        self._head_began: float | None = self.registry.clock()
        self._body_began: float | None = None
        self._answered: float | None = None
        """Time of the first check after an answer that was given before the body's end."""
        self._arriving = RateCredit(MIN_BODY_BYTES_PER_SECOND)
        self._reading = RateCredit(MIN_READ_BYTES_PER_SECOND)
        self._unsent_bytes = 0

    @property
    def has_head(self) -> bool:
        return self.conn.their_state is not h11.IDLE

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self.registry.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.registry.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._arriving.earn(len(data))
        super().data_received(data)
        self._note_phase()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._note_phase()

    def resume_writing(self) -> None:
        # The buffer went from its high to its low mark: the client has read at least the difference.
        low, high = self.transport.get_write_buffer_limits()
        self._reading.earn(high - low)
        super().resume_writing()

    def find_fault(self, now: float, passed: float) -> str:
        """Return why this connection must be closed; empty if it may stay."""
        if not self._reads_in_time(passed):
            return "answer read too slowly"
        if self.transport.is_closing():
            return ""
        if self._head_began is not None:
            return "no complete request head in time" if now - self._head_began > HEAD_SECONDS else ""
        if self._body_began is None:
            return ""
        if self.cycle.response_complete:
            self._answered = self._answered or now
            return "body still being sent after its answer" if now - self._answered > UNREAD_BODY_SECONDS else ""
        if now - self._body_began > MAX_BODY_SECONDS:
            return "request body took too long"
        # While reading is paused the client waits for us.
        is_ours = self.flow.read_paused
        return "" if is_ours or self._arriving.spend(passed) else "request body arrived too slowly"

    def close_early(self, status: int) -> None:
        """Answer with a status if the client can still take an answer, and close."""
        self._unset_keepalive_if_required()
        has_request = bool(self.cycle) and not self.cycle.response_complete
        can_answer = self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE) and not self.transport.is_closing()
        # A connection on which nothing was asked is closed without a word, as after any keep-alive.
        is_new = status == 503 and not self.cycle
        if can_answer and (has_request or is_new or self.conn.trailing_data[0]):
            self._send_refusal(status)
            self.transport.close()
        else:
            self.transport.abort()
        if has_request:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self.flow.resume_writing()

    def _send_refusal(self, status: int) -> None:
        wants_json = bool(self.cycle) and self.scope["path"].startswith(("/api/", "/gradio_api", "/mcp"))
        text = MESSAGES[status]
        body = json.dumps({"error": text}).encode() if wants_json else f"{text}\n".encode()
        headers = [
            (b"content-type", b"application/json" if wants_json else b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *([(b"retry-after", RETRY_AFTER)] if status == 503 else []),
        ]
        response = h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status])
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")

    def _note_phase(self) -> None:
        """Record what the client owes: a head, a body, or nothing."""
        theirs, now = self.conn.their_state, self.registry.clock()
        self._head_began = (self._head_began or now) if theirs is h11.IDLE and self.conn.trailing_data[0] else None
        if theirs is not h11.SEND_BODY:
            self._body_began = self._answered = None
        elif self._body_began is None:
            self._body_began = now
            self._arriving = RateCredit(MIN_BODY_BYTES_PER_SECOND)
        if not self.transport.is_closing():
            owes = theirs in (h11.IDLE, h11.SEND_BODY) and not self.transport.get_write_buffer_size()
            self.registry.mark_incomplete(self, is_incomplete=owes)

    def _reads_in_time(self, passed: float) -> bool:
        """Return whether the client has read enough of an answer that is waiting to be sent."""
        before, unsent = self._unsent_bytes, self.transport.get_write_buffer_size()
        self._unsent_bytes = unsent
        self._reading.earn(max(0, before - unsent))
        if unsent:
            return self._reading.spend(passed)
        self._reading = RateCredit(MIN_READ_BYTES_PER_SECOND)
        if before:
            self._note_phase()
        return True
