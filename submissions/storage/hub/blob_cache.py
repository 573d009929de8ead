"""Contents that were read from the Hub, kept in a folder by id, and the ids under which the Hub knows a content."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from submissions.storage.atomic import atomic_write
from submissions.storage.repo import content_id as name_of
from submissions.storage.repo import validate_path


class BlobCache:
    """A folder of contents by id. It may be deleted at any time, and is checked whenever it is read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, content_id: str) -> bytes | None:
        """A content, if it is kept."""
        try:
            content = self._blob_path(content_id).read_bytes()
        except OSError:
            return None  # not kept, or not readable: the Hub has it
        return content if content_id in compute_hub_ids(content) else None

    def put(self, content_id: str, content: bytes) -> None:
        """Keep a content, if there is room."""
        with suppress(OSError):  # a full disk must not stop a reader
            atomic_write(self._blob_path(content_id), content)

    def _blob_path(self, content_id: str) -> Path:
        return self._folder / validate_path(content_id)[:2] / content_id


def git_id(content: bytes | Path) -> str:
    """Git's blob id."""
    if isinstance(content, bytes):
        return name_of(content)
    with content.open("rb") as file:
        digest = hashlib.sha1(b"blob %d\0" % content.stat().st_size, usedforsecurity=False)
        while piece := file.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def compute_hub_ids(content: bytes) -> tuple[str, str]:
    """Under which ids the Hub may know a content: in Git, and in LFS."""
    return git_id(content), hashlib.sha256(content).hexdigest()
