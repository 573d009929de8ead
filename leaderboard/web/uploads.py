"""Limits of request bodies: in memory, in all bodies together, and of uploads, which are written to disk."""

from __future__ import annotations

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from leaderboard.templates import format_bytes

MAX_FILES = 1000
MAX_FIELDS = 50
MAX_FIELD_BYTES = 512 * 2**10
"""Maximum bytes of all fields of a form that are not files."""
LARGEST = 4 * 2**20
"""Maximum bytes of a body read into memory as a whole: any body that is not made of files."""
MAX_BODIES_BYTES = 64 * 2**20
"""Maximum bytes of all bodies that are in memory at the same time."""
UPLOAD_PATHS = frozenset({"/submit", "/api/submit"})
"""Pages that write files to disk as they arrive, up to the setting MAX_UPLOAD_MB."""


class MemoryBudget:
    """Bytes of request bodies in memory. Used by the event loop alone."""

    def __init__(self, max_bytes: int = MAX_BODIES_BYTES) -> None:
        self.max_bytes = max_bytes
        self.used = 0

    def reserve(self, size: int) -> None:
        """Count bytes of a body. Raises HTTPException 503."""
        if self.used + size > self.max_bytes:
            raise HTTPException(503, "Too many requests are arriving. Please try again.", {"Retry-After": "10"})
        self.used += size

    def release(self, size: int) -> None:
        """Give back the bytes of a request that is answered."""
        self.used -= size


def limit_body(request: Request, limit: int, reserve: Callable[[int], None] | None = None) -> Request:
    """Wrap the request to raise HTTPException 413 as soon as more than `limit` bytes have arrived.

    `reserve` is called with the size of each part of the body.
    """
    arrived = 0
    message = f"The upload is larger than {format_bytes(limit)}. Send fewer files at a time, or a zip of them."

    if int(request.headers.get("content-length", "0")) > limit:
        raise HTTPException(413, message)

    async def receive() -> Message:
        nonlocal arrived
        part = await request.receive()
        size = len(part.get("body", b""))
        arrived += size
        if arrived > limit:
            raise HTTPException(413, message)
        if reserve and size:
            reserve(size)
        return part

    return Request(request.scope, receive)


def is_multipart(request: Request) -> bool:
    """Return whether a body is a form that may contain files."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


def is_upload(request: Request) -> bool:
    """Return whether a body is a form whose files are written to disk."""
    return request.scope["path"] in UPLOAD_PATHS and is_multipart(request)


def max_body_bytes(request: Request, files: int) -> int:
    """Maximum bytes of a form: `files` bytes for a multipart form, whose parts are written to disk."""
    return files if is_multipart(request) else min(files, LARGEST)
