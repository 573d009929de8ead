"""Cache of rendered, compressed responses, keyed by ETag and URL."""

from __future__ import annotations

import gzip
from functools import cached_property

import brotli
from starlette.requests import Request
from starlette.responses import Response

from leaderboard.lru_cache import LruCache

MIN_COMPRESSED_BYTES = 1000
"""Minimum bytes of a response for compression."""
_PACKED = "application/vnd.apache.parquet"
"""Media type that is already compressed."""


class CachedResponse:
    """A complete response. Each request gets a new copy, since middleware changes headers."""

    def __init__(self, response: Response) -> None:
        self.body = bytes(response.body)
        self.headers = tuple(response.raw_headers)
        packed = response.headers.get("content-type") == _PACKED or "content-encoding" in response.headers
        self.is_compressed = len(self.body) >= MIN_COMPRESSED_BYTES and not packed

    def make_response(self, request: Request) -> Response:
        """Copy the response in an encoding that the visitor's browser accepts."""
        fresh = Response(self.body)
        fresh.raw_headers = list(self.headers)
        if self.is_compressed:
            fresh.headers["Vary"] = "Accept-Encoding"
            if encoding := _accepted_encoding(request.headers.get("accept-encoding", "")):
                fresh.body = self._brotli if encoding == "br" else self._gzip
                fresh.headers["Content-Encoding"] = encoding
                fresh.headers["Content-Length"] = str(len(fresh.body))
        return fresh

    # Made once for each answer that is kept, so it may take longer than what is compressed for one visitor alone.
    @cached_property
    def _brotli(self) -> bytes:
        found: bytes = brotli.compress(self.body, quality=5)
        return found

    @cached_property
    def _gzip(self) -> bytes:
        return gzip.compress(self.body, compresslevel=6, mtime=0)


def _accepted_encoding(accepted: str) -> str:
    """Choose the encoding; empty if the browser accepts neither, or refuses it with q=0."""
    parts = [part.replace(" ", "").partition(";q=") for part in accepted.lower().split(",")]
    names = {name for name, _, weight in parts if not weight or weight.strip("0.")}
    return next((name for name in ("br", "gzip") if name in names), "")


class ResponseCache:
    """LRU cache of responses, by ETag and URL."""

    def __init__(self, most: int, most_bytes: int = 16_000_000, largest: int = 256_000) -> None:
        self.largest = largest
        """Bytes of one body: the pages that everybody opens are smaller, a whole table is seldom asked for."""
        self._responses: LruCache[tuple[str, str], CachedResponse] = LruCache(most, most_bytes)

    def get(self, key: tuple[str, str]) -> CachedResponse | None:
        return self._responses.get(key)

    def put(self, key: tuple[str, str], response: CachedResponse) -> None:
        """Store a response unless its body is too large."""
        if len(response.body) <= self.largest:
            self._responses.put(key, response, len(response.body))
