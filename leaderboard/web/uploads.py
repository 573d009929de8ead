"""Taking in an upload: no larger than allowed, under harmless names, gone when it has been looked at."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from leaderboard.templates import format_bytes

LONGEST_NAME = 200
"""In bytes; file systems allow 255."""
MOST_FILES = 1000
MOST_FIELDS = 50
LARGEST = 4 * 2**20
"""Bytes of what is read into memory as a whole: whatever is not made of files."""


def limit_body(request: Request, limit: int) -> Request:
    """The request, which raises HTTPException 413 as soon as more than `limit` bytes have arrived."""
    arrived = 0
    message = f"What was sent is larger than {format_bytes(limit)}. Send fewer files at a time, or a zip of them."

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
    """How much a form may send: `files` bytes where it is made of parts, which are written to disk as they come."""
    return files if request.headers.get("content-type", "").startswith("multipart/form-data") else min(files, LARGEST)


def save_uploads(uploads: Sequence[UploadFile], folder: Path) -> list[Path]:
    """Write uploads into a folder, each under its own name in a folder of its own, so that no two can collide."""
    paths = []
    for number, upload in enumerate(uploads):
        path = folder / str(number) / safe_file_name(upload.filename or "")
        path.parent.mkdir()
        with path.open("wb") as target:
            shutil.copyfileobj(upload.file, target)
        paths.append(path)
    return paths


def safe_file_name(given: str) -> str:
    """The last part of an uploaded file's name, fit to be a file's name here."""
    name = given.replace("\\", "/").rpartition("/")[2].replace("\0", "")
    name = name.encode(errors="replace")[-LONGEST_NAME:].decode(errors="ignore")
    return "unnamed" if name in {"", ".", ".."} else name
