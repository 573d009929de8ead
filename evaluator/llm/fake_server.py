"""Loopback server that speaks the chat-completions and embeddings protocols, to test the real clients.

    with FakeChatServer(lambda asked: completion_reply('{"score": 7}')) as server:
        LLMConnection(base_url=server.base_url, budget_tokens=10_000)

It replies with the result of a function, records all requests, and cannot judge anything. Its vectors count words.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "loopback-key"
"""The only API key that the server accepts."""


@dataclass(frozen=True)
class ReceivedRequest:
    """One recorded request."""

    body: dict[str, Any]
    headers: Mapping[str, str]
    """Headers by lower-case name."""
    number: int
    """Sequence number among this server's requests, from 0."""

    @property
    def texts(self) -> list[str]:
        """Texts to embed."""
        texts: list[str] = self.body["input"]
        return texts

    @property
    def text(self) -> str:
        """All messages, concatenated."""
        return "\n\n".join(message["content"] for message in self.body["messages"])

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema required of the answer."""
        schema: dict[str, Any] = self.body["response_format"]["json_schema"]["schema"]
        return schema


@dataclass(frozen=True)
class CannedReply:
    """Reply to send back."""

    status: int = 200
    body: dict[str, Any] | str = field(default_factory=dict)
    """JSON, or plain text to simulate a server of another protocol."""
    headers: Mapping[str, str] = field(default_factory=dict)


HANG = CannedReply(status=0)
"""Reply that never arrives until the server ends."""


def completion_reply(text: str | None, finish: str = "stop", refusal: str | None = None, **fields: Any) -> CannedReply:
    """Build a chat completion; `fields` replace those of the body, such as `model` and `usage`."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    body = {
        "id": "chatcmpl-loopback",
        "object": "chat.completion",
        "created": 0,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }
    return CannedReply(body=body | fields)


def error_reply(
    status: int, message: str = "no", code: str | None = None, retry_after: float | None = None
) -> CannedReply:
    """Build an error reply in the form that servers send."""
    error = {"message": message, "type": "loopback", "param": None, "code": code}
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return CannedReply(status, {"error": error}, headers)


def embedding_reply(vectors: Sequence[Sequence[float] | None], **fields: Any) -> CannedReply:
    """Build a reply with one vector for each text; `fields` replace those of the body."""
    data = [{"object": "embedding", "index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    usage = {"prompt_tokens": 10 * len(vectors), "total_tokens": 10 * len(vectors)}
    return CannedReply(body={"object": "list", "data": data, "usage": usage} | fields)


def count_words(asked: ReceivedRequest, dimensions: int = 64) -> CannedReply:
    """Build a reply with vectors of hashed word counts: texts with the same words have the same vector."""
    vectors = [[0.0] * asked.body.get("dimensions", dimensions) for _ in asked.texts]
    for vector, text in zip(vectors, asked.texts, strict=True):
        for word in text.lower().split():
            vector[zlib.crc32(word.encode()) % len(vector)] += 1.0
    return embedding_reply(vectors)


def fill_schema(schema: Mapping[str, Any], number: int = 7, root: Mapping[str, Any] | None = None) -> Any:
    """Build a value that fits a strict schema: `number` for every integer, a few words for every text."""
    root = root or schema
    if "$ref" in schema:
        return fill_schema(root["$defs"][schema["$ref"].rpartition("/")[2]], number, root)
    if "anyOf" in schema:
        return fill_schema(schema["anyOf"][0], number, root)
    if schema["type"] == "object":
        return {name: fill_schema(part, number, root) for name, part in schema["properties"].items()}
    if schema["type"] == "array":
        return [fill_schema(schema["items"], number, root)]
    return {"integer": number, "number": float(number), "boolean": True, "string": "some words"}[schema["type"]]


def default_reply(asked: ReceivedRequest) -> CannedReply:
    """Build a reply that fits any schema, with 7 for every number."""
    return completion_reply(json.dumps(fill_schema(asked.schema)))


class FakeChatServer:
    """Server of both protocols on a free port. A context manager; it calls its functions in many threads."""

    def __init__(
        self,
        answer: Callable[[ReceivedRequest], CannedReply] = default_reply,
        embed: Callable[[ReceivedRequest], CannedReply] = count_words,
    ) -> None:
        self.answer = answer
        """Says what to send back. May be replaced between two requests."""
        self.embed = embed
        """The same for embeddings."""
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._now = 0
        self.requests: list[ReceivedRequest] = []
        """Every chat request with the right key, in the order they came."""
        self.embedding_requests: list[ReceivedRequest] = []
        """The same for embeddings."""
        self.most_at_once = 0
        """The most requests that were open at the same time."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._request_handler_class())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def base_url(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def handle_request(self, path: str, body: dict[str, Any], headers: Mapping[str, str]) -> CannedReply:
        """Return the reply to one request."""
        received = {"/v1/chat/completions": self.requests, "/v1/embeddings": self.embedding_requests}.get(path)
        if received is None:
            return error_reply(404, f"no {path}")
        if headers.get("authorization") != f"Bearer {KEY}":
            return error_reply(401, f"Incorrect API key provided: {headers.get('authorization')}", "invalid_api_key")
        with self._lock:
            asked = ReceivedRequest(body, headers, len(received))
            received.append(asked)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            reply = (self.answer if received is self.requests else self.embed)(asked)
            if reply is HANG:
                self._ended.wait()
        finally:
            with self._lock:
                self._now -= 1
        if reply.status == 200 and isinstance(reply.body, dict):
            return CannedReply(200, {"model": body["model"]} | reply.body, reply.headers)
        return reply

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _request_handler_class(self) -> type[BaseHTTPRequestHandler]:
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = (
                True  # head and body are two writes: the second would wait for the first's receipt
            )

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                return self._send_reply(loopback.handle_request(self.path, json.loads(body), headers))

            def _send_reply(self, reply: CannedReply) -> None:
                if reply is HANG:
                    self.close_connection = True
                    return
                is_json = isinstance(reply.body, dict)
                content = (json.dumps(reply.body) if is_json else str(reply.body)).encode()
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json" if is_json else "text/html")
                self.send_header("Content-Length", str(len(content)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        return Handler
