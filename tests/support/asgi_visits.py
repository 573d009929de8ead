"""Many visitors of an app at the same time, in one event loop and without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Message


@dataclass(frozen=True)
class Visit:
    """An answer."""

    status: int
    headers: Headers
    body: bytes


async def visit_at_once(
    app: Any, visits: Sequence[tuple[str, Mapping[str, str]]], meanwhile: Callable[[], Awaitable[None]] | None = None
) -> list[Visit]:
    """Paths with headers, asked for at the same time by visitors who stay; `meanwhile` runs beside them."""
    jobs = [_visit(app, path, headers) for path, headers in visits]
    answers, _ = await asyncio.gather(asyncio.gather(*jobs), meanwhile() if meanwhile else asyncio.sleep(0))
    return list(answers)


async def _visit(app: Any, path: str, headers: Mapping[str, str]) -> Visit:
    sent: list[Message] = []
    asked = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if asked:
            return asked.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "root_path": "", "scheme": "http", "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("test", 80),
        "headers": [(b"host", b"testserver"), *((name.encode(), text.encode()) for name, text in headers.items())],
    }  # fmt: skip
    await app(scope, receive, send)
    start = sent[0]
    return Visit(start["status"], Headers(raw=start["headers"]), b"".join(part.get("body", b"") for part in sent[1:]))
