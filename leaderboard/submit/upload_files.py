"""Writes uploads into a folder under harmless names."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from starlette.datastructures import UploadFile

MAX_NAME_LENGTH = 200
"""In bytes; file systems allow 255."""


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
    name = name.encode(errors="replace")[-MAX_NAME_LENGTH:].decode(errors="ignore")
    return "unnamed" if name in {"", ".", ".."} else name
