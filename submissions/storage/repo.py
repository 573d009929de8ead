"""Storage interface: versioned files behind a few methods, for a folder and for the Hub alike."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_PIECE_BYTES = 2**20
_SEGMENT = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9._@+-]{0,149}")


@dataclass(frozen=True)
class Change:
    """One file of a commit: its whole new content, or None to delete it. A Path is copied from."""

    path: str
    content: bytes | Path | None


class Repo(Protocol):
    """Versioned files with compare-and-swap on the head.

    Every read is at least as new as the last `head` or `commit` of the same object.
    """

    def head(self) -> str:
        """Return an opaque token of the present state; equal tokens mean equal files."""
        ...

    def read(self, path: str) -> bytes:
        """Read the content of a file. Raises NotFound."""
        ...

    def list_dir(self, folder: str = "") -> list[str]:
        """Return the names of a folder's direct entries, sorted; none for a missing folder.

        A listing that costs as much as the folder has entries, however much lies below them.
        """
        ...

    def list(self, prefix: str = "") -> list[str]:
        """Return the paths that begin with `prefix`, sorted."""
        ...

    def ids(self, prefix: str = "") -> dict[str, str]:
        """Return the `content_id` of each path that begins with `prefix`; sorted, and no file is read."""
        ...

    def commit(self, changes: Sequence[Change], parent: str) -> str:
        """Make all changes or none, if the head is still `parent`; return the new head. Raises Conflict.

        On the Hub also RateLimited (try later), AccessDenied, and Unreachable: then the next head shows
        whether it landed.
        """
        ...


def content_id(content: bytes | Path) -> str:
    """Return Git's blob id of a content, so that a listing of the Hub gives it without sending the file.

    A file is read piece by piece: it can be large.
    """
    if isinstance(content, bytes):
        digest = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
        digest.update(content)
        return digest.hexdigest()
    with content.open("rb") as file:
        digest = hashlib.sha1(b"blob %d\0" % os.fstat(file.fileno()).st_size, usedforsecurity=False)
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def validate_path(path: str) -> str:
    """Return the path if it stays inside its repository and uses plain names. Raises ValueError."""
    if not all(_SEGMENT.fullmatch(segment) for segment in path.split("/")):
        raise ValueError(f"{path!r} is not a repository path: use names of letters, digits, . _ - joined by /")
    return path
