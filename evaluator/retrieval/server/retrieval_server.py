"""Server of the Search-R1 interface over any retriever: `POST /retrieve`, `GET /health`.

No authentication: it listens on loopback addresses unless told otherwise. It answers while its index loads, and has
limits on connections, bodies, queries and the time that a client may take.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import math
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from evaluator.errors import RetrieverError
from evaluator.retrieval.retriever import DEFAULT_K, Retriever
from evaluator.retrieval.server.connection_deadlines import ConnectionDeadlines
from evaluator.retrieval.server.retrieve_request import MAX_BODY_BYTES, InvalidRequest, format_answer, parse_request

MAX_CONNECTIONS = 64
HEAD_SECONDS, BODY_SECONDS, ANSWER_SECONDS = 30.0, 30.0, 60.0
"""Limits of a request's head, counted from the end of the one before; of its body; and of reading the answer."""
LOADING_RETRY_SECONDS = 5
_BUSY_RETRY_SECONDS = 1
_PATHS = {"/retrieve": "POST", "/health": "GET"}
log = logging.getLogger(__name__)


class RetrievalServer(socketserver.ThreadingTCPServer):
    """Server that is open at once, and ready as soon as its retriever is. Closes the retriever at its end."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        default_k: int = DEFAULT_K,
        max_connections: int = MAX_CONNECTIONS,
        deadlines: ConnectionDeadlines | None = None,
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.default_k = default_k
        self.deadlines = deadlines or ConnectionDeadlines()
        self.retriever: Retriever | None = None
        """None while it loads."""
        self._max_connections = max_connections
        self._thread: threading.Thread | None = None
        try:
            super().__init__((host, port), RetrievalHandler)
        except OSError as error:
            raise RetrieverError(
                f"Cannot listen on {host}, port {port}: {error}.", "Choose another --host or --port."
            ) from error
        self.deadlines.start()

    @property
    def url(self) -> str:
        """Address with the port that was chosen."""
        host, port = self.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"

    def load(self, open_retriever: Callable[[], Retriever]) -> None:
        """Open the retriever; requests are answered with 503 until then. Raises what it raises."""
        self.retriever = open_retriever()

    def serve_in_background(self) -> Self:
        """Serve on a thread until the context is left."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), name="retrieval-server", daemon=True)
        self._thread.start()
        return self

    def wait_until_ended(self) -> None:
        """Wait for the thread that serves."""
        if self._thread is not None:
            self._thread.join()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection; refuse it where too many are open."""
        if self.deadlines.add_connection(request, self._max_connections):
            super().process_request(request, client_address)
            return
        body = b'{"error": "Too many connections: try again later."}'
        head = f"HTTP/1.1 503 Service Unavailable\r\nRetry-After: {_BUSY_RETRY_SECONDS}\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        request.setblocking(False)
        try:
            request.send(head.encode() + body)
        except OSError:
            log.debug("A client hung up while it was refused")
        self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        self.deadlines.remove_connection(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log what ended a request; a client that hung up is no error."""
        if isinstance(sys.exception(), OSError):
            log.debug("A connection broke", exc_info=True)
        else:
            log.exception("A request failed")

    def server_close(self) -> None:
        """Stop listening, and close the retriever."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        super().server_close()
        self.deadlines.close()
        if self.retriever is not None:
            self.retriever.close()


class RetrievalHandler(BaseHTTPRequestHandler):
    """One connection: any number of requests."""

    server: RetrievalServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "retriever", ""
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        """Handle a request, whose head must arrive in time."""
        self.server.deadlines.set_deadline(self.connection, HEAD_SECONDS)
        super().handle_one_request()

    def do_GET(self) -> None:
        """Answer whether the index is loaded, and which."""
        if self.path != "/health":
            self._refuse_path()
            return
        retriever = self.server.retriever
        state = {
            "ready": retriever is not None,
            "docs": retriever.documents if retriever else None,
            "index_id": retriever.index_id if retriever else None,
        }
        self._send_json(*((200, state) if retriever else (503, state, LOADING_RETRY_SECONDS)))

    def do_POST(self) -> None:
        """Search."""
        if self.path != "/retrieve":
            self._refuse_path()
            return
        try:
            request = parse_request(self._read_body(), self.server.default_k)
        except InvalidRequest as error:
            self._send_json(error.status, {"error": str(error)})
            return
        retriever = self.server.retriever
        if retriever is None:
            self._send_json(503, {"error": "The index is loading: see /health."}, LOADING_RETRY_SECONDS)
            return
        self.server.deadlines.set_deadline(self.connection, math.inf)  # our own time counts against nobody
        try:
            results = retriever.search(request.queries, request.clamp_topk(self.server.default_k))
        except RetrieverError as error:
            log.warning("A search failed: %s", error)
            self._send_json(502, {"error": error.public})
            return
        self._send_json(200, format_answer(results, with_scores=request.return_scores))

    def handle_expect_100(self) -> bool:
        """Ask for a body only if its length is admitted."""
        try:
            self._read_length()
        except InvalidRequest as error:
            self._send_json(error.status, {"error": str(error)})
            return False
        return super().handle_expect_100()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse a malformed request, in JSON as everything else."""
        self.close_connection = True
        self.request_version = self.protocol_version  # else a request without one gets no status
        self._send_json(int(code), {"error": message or HTTPStatus(code).phrase})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log requests at the debug level only."""
        log.debug(format, *args)

    def _read_length(self) -> int:
        lengths = self.headers.get_all("Content-Length", [])
        self.close_connection = True  # until the whole body is read
        if self.headers.get("Transfer-Encoding") or not lengths:
            raise InvalidRequest(411, "Send the body whole, with its Content-Length.")
        if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise InvalidRequest(400, "Content-Length is no number.")
        if len(lengths[0]) > 12 or int(lengths[0]) > MAX_BODY_BYTES:
            raise InvalidRequest(413, f"The body may have {MAX_BODY_BYTES} bytes at most: send fewer queries at once.")
        return int(lengths[0])

    def _read_body(self) -> bytes:
        keeps_open = not self.close_connection
        length = self._read_length()
        if self.headers.get_content_type() != "application/json":
            raise InvalidRequest(415, "Send JSON, with Content-Type: application/json.")
        self.server.deadlines.set_deadline(self.connection, BODY_SECONDS)
        body = self.rfile.read(length)
        if len(body) < length:
            raise InvalidRequest(400, f"The body ended after {len(body)} of {length} bytes.")
        self.close_connection = not keeps_open
        return body

    def _refuse_path(self) -> None:
        self.close_connection = True
        method = _PATHS.get(self.path)
        paths = ", ".join(f"{method} {path}" for path, method in _PATHS.items())
        self._send_json(
            405 if method else 404, {"error": f"There are: {paths}."}, headers={"Allow": method} if method else {}
        )

    def _send_json(
        self, status: int, document: object, retry_after: int | None = None, headers: Mapping[str, str] = {}
    ) -> None:
        body = json.dumps(document, ensure_ascii=False).encode()
        self.server.deadlines.set_deadline(self.connection, ANSWER_SECONDS)
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if self.close_connection:
            self._read_rest()

    def _read_rest(self) -> None:
        """Read what the client still sends, within limits, lest the answer be lost with a reset connection."""
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        self.server.deadlines.set_deadline(self.connection, BODY_SECONDS / 10)
        left = 2 * MAX_BODY_BYTES
        while left > 0 and (chunk := self.connection.recv(1 << 16)):
            left -= len(chunk)


def is_loopback_host(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
