"""Many visitors of an app at the same time, in one event loop and without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
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


async def post_parts(app: Any, path: str, headers: Mapping[str, str], parts: Iterable[bytes]) -> Visit:
    """A body, sent in parts: the next is made when the app asks for it."""
    return await _visit(app, path, headers, "POST", parts)


async def _visit(
    app: Any, path: str, headers: Mapping[str, str], method: str = "GET", parts: Iterable[bytes] = ()
) -> Visit:
    sent: list[Message] = []
    remaining, is_complete = iter(parts), False

    async def receive() -> Message:
        nonlocal is_complete
        if not is_complete:
            part = next(remaining, None)
            is_complete = part is None
            return {"type": "http.request", "body": part or b"", "more_body": not is_complete}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "root_path": "", "scheme": "http", "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("test", 80),
        "headers": [(b"host", b"testserver"), *((name.encode(), text.encode()) for name, text in headers.items())],
    }  # fmt: skip
    await app(scope, receive, send)
    start = sent[0]
    return Visit(start["status"], Headers(raw=start["headers"]), b"".join(part.get("body", b"") for part in sent[1:]))
