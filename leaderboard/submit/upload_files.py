"""Receives multipart forms: files go to disk as they arrive, one open file at a time, under harmless names."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from leaderboard.submit.upload_slots import UploadSlot, UploadSlots
from leaderboard.web.uploads import MAX_FIELD_BYTES, MAX_FIELDS, MAX_FILES, is_multipart
from submissions.storage.temp_folder import TempFolder

MAX_NAME_LENGTH = 200
"""In bytes; file systems allow 255."""


class _PartFile:
    """File of one part. Starlette writes it, and seeks its start once it is complete: then it is closed."""

    def __init__(self, path: Path, reserve: Callable[[int], None]) -> None:
        self.path = path
        self._reserve = reserve
        self._target: BinaryIO | None = path.open("wb")

    def write(self, data: bytes) -> int:
        self._reserve(len(data))
        assert self._target is not None
        return self._target.write(data)

    def seek(self, _: int) -> int:
        self.close()
        return 0

    def close(self) -> None:
        """Close the file; it stays on disk."""
        if self._target is not None:
            self._target.close()
            self._target = None


class DiskFormParser(MultiPartParser):
    """Starlette's parser, but that it would hold files of up to 1 MB in memory, and each larger one open."""

    def __init__(self, request: Request, folder: Path, reserve: Callable[[int], None]) -> None:
        super().__init__(
            request.headers, request.stream(), max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES
        )
        self._folder = folder
        self._reserve = reserve
        self._field_bytes = 0

    def on_headers_finished(self) -> None:
        """Open a file for a part with a file name."""
        _, options = parse_options_header(self._current_part.content_disposition)
        if b"filename" not in options:
            super().on_headers_finished()
            return
        if b"name" not in options:
            raise MultiPartException('The Content-Disposition header field "name" must be provided.')
        self._current_files += 1
        if self._current_files > self.max_files:
            raise MultiPartException(f"Too many files. Maximum number of files is {self.max_files}.")
        self._current_part.field_name = options[b"name"].decode(errors="replace")
        file = _PartFile(self._folder / str(self._current_files), self._reserve)
        self._files_to_close_on_error.append(cast("SpooledTemporaryFile[bytes]", file))
        self._current_part.file = UploadFile(
            cast(BinaryIO, file),
            size=0,
            filename=options[b"filename"].decode(errors="replace"),
            headers=Headers(raw=self._current_part.item_headers),
        )

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Count the bytes of all fields together; they are in memory."""
        if self._current_part.file is None:
            self._field_bytes += end - start
            if self._field_bytes > MAX_FIELD_BYTES:
                raise MultiPartException(f"The form's fields exceed {MAX_FIELD_BYTES // 1024} KB.")
        super().on_part_data(data, start, end)


@asynccontextmanager
async def receive_form(request: Request, slots: UploadSlots, slot: UploadSlot) -> AsyncIterator[FormData]:
    """Receive a form whose files lie in a temporary folder until the end of the context.

    Raises HTTPException 400 for a damaged form, and 503 if uploads of others use up the disk.
    """
    if not is_multipart(request):
        async with request.form(max_fields=MAX_FIELDS) as form:
            slots.end_arrival(slot)
            yield form
        return
    folder = await run_in_threadpool(TempFolder)
    try:
        try:
            form = await DiskFormParser(request, folder.path, lambda size: slots.reserve_bytes(slot, size)).parse()
        except MultiPartException as error:
            raise HTTPException(400, error.message) from error
        slots.end_arrival(slot)
        yield form
    finally:
        await run_in_threadpool(folder.close)


def save_uploads(uploads: Sequence[UploadFile], folder: Path) -> list[Path]:
    """Move each upload under its own name into its own subfolder, so that names cannot collide."""
    paths = []
    for number, upload in enumerate(uploads):
        path = folder / str(number) / safe_file_name(upload.filename or "")
        path.parent.mkdir()
        shutil.move(cast(_PartFile, upload.file).path, path)
        paths.append(path)
    return paths


def safe_file_name(given: str) -> str:
    """Reduce an uploaded file's name to its last part, safe as a file name here."""
    name = given.replace("\\", "/").rpartition("/")[2].replace("\0", "")
    name = name.encode(errors="replace")[-MAX_NAME_LENGTH:].decode(errors="ignore")
    return "unnamed" if name in {"", ".", ".."} else name
