"""The one seam to storage: versioned files behind a few methods, for a folder and for the Hub alike."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_SEGMENT = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9._@+-]{0,149}")


@dataclass(frozen=True)
class Change:
    """One file of a commit: its whole new content, or None to delete it. A Path is copied from."""

    path: str
    content: bytes | Path | None


class Repo(Protocol):
    """Versioned files with compare-and-swap on the head.

    What is read is at least as new as the last `head` or `commit` of the same object saw it.
    """

    def head(self) -> str:
        """An opaque token of the present state; equal tokens mean equal files."""
        ...

    def read(self, path: str) -> bytes:
        """The content of a file. Raises NotFound."""
        ...

    def list_dir(self, folder: str = "") -> list[str]:
        """The names of what lies directly in a folder, sorted; none if there is no such folder.

        A listing that costs as much as the folder has entries, however much lies below them.
        """
        ...

    def list(self, prefix: str = "") -> list[str]:
        """Paths that begin with `prefix`, sorted."""
        ...

    def ids(self, prefix: str = "") -> dict[str, str]:
        """The content of each path that begins with `prefix`, as `content_id` calls it; sorted, and no file is read."""
        ...

    def commit(self, changes: Sequence[Change], parent: str) -> str:
        """Make all changes or none, if the head is still `parent`; the new head. Raises Conflict.

        On the Hub also Busy (try later), Denied, and Unreachable: then the next head tells whether it landed.
        """
        ...


def content_id(content: bytes) -> str:
    """What git calls a file's content, so that a listing of the Hub says it without sending the file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def validate_path(path: str) -> str:
    """The path itself, if it stays inside its repository and uses plain names. Raises ValueError."""
    if not all(_SEGMENT.fullmatch(segment) for segment in path.split("/")):
        raise ValueError(f"{path!r} is not a repository path: use names of letters, digits, . _ - joined by /")
    return path
