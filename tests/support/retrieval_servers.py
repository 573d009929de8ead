"""Servers on this machine that retrievers call: of embeddings, and of the Search-R1 family with scripted answers."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evaluator.config.retriever_settings import RetrieverConnection
from evaluator.llm.fake_server import KEY, CannedReply, FakeChatServer, ReceivedRequest, embedding_reply
from evaluator.retrieval.analyzer import split_words

EMBEDDING_KEYS = {"EMBEDDING_KEY": KEY}
DIMENSIONS = 2048
_NUMBERS: dict[str, int] = {}
"""Numbers of words, in the order in which they first came."""
_LOCK = threading.Lock()


@dataclass
class ScriptedServer:
    """What came, and what is answered: the scripted answers first, then what the function makes of a request."""

    url: str = ""
    requests: list[tuple[str, Any]] = field(default_factory=list)
    """Path and parsed body of each."""
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: deque[tuple[int, dict[str, str], bytes]] = field(default_factory=deque)
    """Status, headers and body."""
    gate: threading.Event = field(default_factory=threading.Event)
    """Status 0 waits for it, and never answers."""

    def script(self, status: int, body: object = "", **headers: str) -> None:
        """Answer so once. A body of bytes is sent as it is, with the headers given."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append((status, {name.replace("_", "-"): value for name, value in headers.items()}, content))


@contextmanager
def run_scripted(answer: Callable[[str, Any], object]) -> Iterator[ScriptedServer]:
    """A server that answers with the JSON of a function of path and body; None is a 404."""
    script = ScriptedServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            script.requests.append((self.path, json.loads(body) if body else None))
            script.headers.append({name.lower(): value for name, value in self.headers.items()})
            if script.answers:
                status, headers, content = script.answers.popleft()
            else:
                document = answer(self.path, script.requests[-1][1])
                status, headers, content = (404 if document is None else 200), {}, json.dumps(document).encode()
            if status == 0:
                script.gate.wait(60)
                return
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(content))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_what: Any) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        script.gate.set()
        server.shutdown()
        server.server_close()


def embed_words(asked: ReceivedRequest) -> CannedReply:
    """Vectors that count words, each with a number of its own: texts that share none are orthogonal."""
    vectors = []
    for text in asked.texts:
        vector = [0.0] * DIMENSIONS
        for word in split_words(text) or [text]:
            with _LOCK:
                vector[_NUMBERS.setdefault(word, len(_NUMBERS)) % DIMENSIONS] += 1
        vectors.append(vector)
    return embedding_reply(vectors)


def connect_embeddings(server: FakeChatServer, **limits: Any) -> RetrieverConnection:
    """The connection to a server of embeddings, whose key is that of `EMBEDDING_KEYS`."""
    return RetrieverConnection(url=server.base_url, key_variable="EMBEDDING_KEY", **limits)
