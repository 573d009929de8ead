"""Load generator: requests one address repeatedly over many connections.

Run `python -m benchmarks.web.load ADDRESS CONNECTIONS SECONDS`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from urllib.parse import urlsplit


async def count_answers(host: str, port: int, path: str, until: float, more: str) -> int:
    """Count the answers of one connection until a moment."""
    reader, writer = await asyncio.open_connection(host, port, limit=2**24)
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept-Encoding: gzip, br\r\n{more}\r\n".encode()
    count = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith((b"http/1.1 200", b"http/1.1 304")):
            raise RuntimeError(f"{path} answered {head[:80]!r}")
        await _skip_body(reader, head)
        count += 1
    writer.close()
    return count


async def _skip_body(reader: asyncio.StreamReader, head: bytes) -> None:
    if b"\r\ntransfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    elif b"\r\ncontent-length: " in head:
        await reader.readexactly(int(head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]))


async def measure_load(address: str, connections: int, seconds: float, more: str = "") -> float:
    """Measure answers per second."""
    parts = urlsplit(address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    began = time.perf_counter()
    jobs = [
        count_answers(str(parts.hostname), parts.port or 80, path, began + seconds, more) for _ in range(connections)
    ]
    return sum(await asyncio.gather(*jobs)) / (time.perf_counter() - began)


if __name__ == "__main__":
    headers = "".join(f"{line}\r\n" for line in sys.argv[4:])
    print(asyncio.run(measure_load(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), headers)))
