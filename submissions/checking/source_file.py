"""Entry of a folder or zip, opened without following a link or blocking on a pipe."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from submissions.errors import InvalidFile

_REFUSALS = {
    errno.ELOOP: "It is a symbolic link.",
    errno.ENOTDIR: "It is no longer a folder.",
    errno.ENOENT: "It no longer exists.",
    errno.EACCES: "It cannot be read: permission denied.",
    errno.ENXIO: "It is a socket or device.",
}
_COPY_FIX = "Deliver a regular file instead."


@dataclass(frozen=True)
class SourceFile:
    """A delivered file or folder."""

    path: str
    """Name in its folder or zip, with / between folders; untrusted, so show it with `escape_text`."""
    open: Callable[[], IO[bytes]]
    """Opens a seekable file of its content. Raises InvalidFile."""
    unfit: InvalidFile | None = None
    """Reason to reject the file unopened."""
    folder: bool = False
    name: str = ""
    """Path without a folder around all files; set once the whole listing is known."""


def open_regular_file(path: Path | str, parent: int | None = None) -> IO[bytes]:
    """Open a plain file; `parent` is a handle of its folder. Raises InvalidFile for anything else, unopened."""
    with as_invalid_file():
        _require_regular_file(os.stat(path, dir_fd=parent, follow_symlinks=False))
        # It may have been replaced since: a link is not followed, a pipe does not block, and the type is checked again.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    file = os.fdopen(handle, "rb")
    try:
        _require_regular_file(os.fstat(handle))
    except InvalidFile:
        file.close()
        raise
    return file


def find_rejection(status: os.stat_result) -> InvalidFile | None:
    """Return the reason to reject a file of this status; None for a plain file without other hard links."""
    if stat.S_ISLNK(status.st_mode):
        return InvalidFile(_REFUSALS[errno.ELOOP], _COPY_FIX)
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
        return InvalidFile(f"It is {kind}, not a file.", _COPY_FIX)
    if status.st_nlink > 1:
        return InvalidFile("It is a hard link: the same file has another name elsewhere.", _COPY_FIX)
    return None


@contextmanager
def as_invalid_file() -> Iterator[None]:
    """Translate errors caused by an untrusted file to InvalidFile; a failing disk stays an OSError."""
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        raise InvalidFile(_REFUSALS[error.errno], _COPY_FIX) from error


def _require_regular_file(status: os.stat_result) -> None:
    if fault := find_rejection(status):
        raise fault
