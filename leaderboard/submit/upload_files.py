"""Writes uploads into a folder under harmless names."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from starlette.datastructures import UploadFile

MAX_NAME_LENGTH = 200
"""In bytes; file systems allow 255."""


def save_uploads(uploads: Sequence[UploadFile], folder: Path) -> list[Path]:
    """Write each upload under its own name into its own subfolder, so that names cannot collide."""
    paths = []
    for number, upload in enumerate(uploads):
        path = folder / str(number) / safe_file_name(upload.filename or "")
        path.parent.mkdir()
        with path.open("wb") as target:
            shutil.copyfileobj(upload.file, target)
        paths.append(path)
    return paths


def safe_file_name(given: str) -> str:
    """Reduce an uploaded file's name to its last part, safe as a file name here."""
    name = given.replace("\\", "/").rpartition("/")[2].replace("\0", "")
    name = name.encode(errors="replace")[-MAX_NAME_LENGTH:].decode(errors="ignore")
    return "unnamed" if name in {"", ".", ".."} else name
