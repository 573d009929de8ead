"""Cache of rendered responses in compressed form, keyed by ETag and URL."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Hashable

import brotli
from starlette.requests import Request
from starlette.responses import Response

from leaderboard.lru_cache import LruCache

MIN_COMPRESSED_BYTES = 1000
"""Minimum bytes of a response for compression."""
MAX_ENTRIES = 2000
MAX_BYTES = 32_000_000
"""Bytes of all stored bodies and headers."""
MAX_ENTRY_BYTES = 8_000_000
"""Bytes of one entry: a larger one is sent and not stored."""
LARGE_BYTES = 256_000
"""Bytes of an uncompressed body from which freed memory is returned to the system."""
_HEADER_BYTES = 64
"""Memory of a header besides its text."""
_PACKED = "application/vnd.apache.parquet"
"""Media type that is already compressed."""


class CachedResponse:
    """A complete response, compressed where that helps. Each request gets a new copy."""

    def __init__(self, response: Response) -> None:
        body = bytes(response.body)
        packed = response.headers.get("content-type") == _PACKED or "content-encoding" in response.headers
        self.headers = tuple(response.raw_headers)
        self.status_code = response.status_code
        self.plain_bytes = len(body)
        self.is_compressed = len(body) >= MIN_COMPRESSED_BYTES and not packed
        # Made once for each response that is stored, so it may take longer than what is compressed for one visitor.
        self._bodies = {"br": brotli.compress(body, quality=5)} if self.is_compressed else {"": body}
        self._lock = threading.Lock()
        self.key: Hashable = None
        """Key in the cache."""

    @property
    def size(self) -> int:
        """Bytes in memory."""
        headers = sum(len(name) + len(value) + _HEADER_BYTES for name, value in self.headers)
        return sum(map(len, self._bodies.values())) + headers

    def make_response(self, request: Request) -> Response:
        """Copy the response in an encoding that the visitor's browser accepts."""
        encoding = _accepted_encoding(request.headers.get("accept-encoding", "")) if self.is_compressed else ""
        fresh = Response(self._encode(encoding), self.status_code)
        fresh.raw_headers = list(self.headers)
        if self.is_compressed:
            fresh.headers["Vary"] = "Accept-Encoding"
        if encoding:
            fresh.headers["Content-Encoding"] = encoding
            fresh.headers["Content-Length"] = str(len(fresh.body))
        return fresh

    def _encode(self, encoding: str) -> bytes:
        with self._lock:
            if encoding in self._bodies:
                return self._bodies[encoding]
            plain: bytes = brotli.decompress(self._bodies["br"])
            if encoding == "gzip":
                self._bodies[encoding] = gzip.compress(plain, compresslevel=6, mtime=0)
                return self._bodies[encoding]
        return plain


def _accepted_encoding(accepted: str) -> str:
    """Choose the encoding; empty if the browser accepts neither, or refuses it with q=0."""
    parts = [part.replace(" ", "").partition(";q=") for part in accepted.lower().split(",")]
    names = {name for name, _, weight in parts if not weight or weight.strip("0.")}
    return next((name for name in ("br", "gzip") if name in names), "")


class ResponseCache:
    """LRU cache of responses, bounded by the bytes that they take in memory."""

    def __init__(
        self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES, max_entry_bytes: int = MAX_ENTRY_BYTES
    ) -> None:
        self._max_entry_bytes = max_entry_bytes
        self._responses: LruCache[Hashable, CachedResponse] = LruCache(max_entries, max_bytes)

    def get(self, key: Hashable) -> CachedResponse | None:
        return self._responses.get(key)

    def put(self, key: Hashable, response: CachedResponse) -> None:
        """Store a response unless it is too large."""
        if response.size <= self._max_entry_bytes:
            response.key = key
            self._responses.put(key, response, response.size)

    def make_response(self, cached: CachedResponse, request: Request) -> Response:
        """Copy a response for a visitor; a further encoding of a stored one counts too."""
        before = cached.size
        fresh = cached.make_response(request)
        if cached.size != before and self.get(cached.key) is cached:
            self.put(cached.key, cached)
        return fresh
