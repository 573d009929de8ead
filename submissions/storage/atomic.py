"""Atomic file writes: a file appears whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from submissions.storage.private_files import PRIVATE_DIR, PRIVATE_FILE, make_dirs


def atomic_write(path: Path, content: bytes, mode: int = PRIVATE_FILE) -> None:
    """Write a file so that a reader sees the old or the new content, never a part (temporary file, fsync, rename).

    The file gets this mode, and missing folders are private, whatever the umask.
    """
    make_dirs(path.parent, PRIVATE_DIR)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def fsync_dir(folder: Path) -> None:
    """Sync a folder's entries to disk; each file's contents need their own fsync."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
