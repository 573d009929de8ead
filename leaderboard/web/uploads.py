"""Upload handling: size limits, safe file names, and temporary storage."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from leaderboard.templates import format_bytes

MAX_FILES = 1000
MAX_FIELDS = 50
LARGEST = 4 * 2**20
"""Maximum bytes of a body read into memory as a whole: any body that is not made of files."""


def limit_body(request: Request, limit: int) -> Request:
    """Wrap the request to raise HTTPException 413 as soon as more than `limit` bytes have arrived."""
    arrived = 0
    message = f"The upload is larger than {format_bytes(limit)}. Send fewer files at a time, or a zip of them."

    if int(request.headers.get("content-length", "0")) > limit:
        raise HTTPException(413, message)

    async def receive() -> Message:
        nonlocal arrived
        part = await request.receive()
        arrived += len(part.get("body", b""))
        if arrived > limit:
            raise HTTPException(413, message)
        return part

    return Request(request.scope, receive)


def max_body_bytes(request: Request, files: int) -> int:
    """Maximum bytes of a form: `files` bytes for a multipart form, whose parts are written to disk."""
    return files if request.headers.get("content-type", "").startswith("multipart/form-data") else min(files, LARGEST)
