"""Temporary folders that outlive no process for long: those of killed processes are removed by later ones."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType

PREFIX = "arena-check-"
_YOUNG_SECONDS = 60.0
"""Age below which a new folder may not be locked yet."""


class TempFolder:
    """Temporary folder, locked while its process lives. Use it as a context manager, or close it."""

    def __init__(self) -> None:
        _clean_once(tempfile.gettempdir())
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove the folder with its contents."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def remove_abandoned_folders() -> None:
    """Remove the temporary folders of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        # Another user's folder cannot be opened, and another process may remove this one meanwhile.
        with suppress(OSError):
            _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock).st_uid == os.geteuid() and time.time() - os.fstat(lock).st_mtime > _YOUNG_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


@cache
def _clean_once(folder: str) -> None:
    del folder  # once for each: tests change it
    remove_abandoned_folders()
