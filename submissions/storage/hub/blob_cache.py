"""Cache of contents read from the Hub, in a folder by id, and the Hub's ids of a content."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from submissions.storage.atomic import atomic_write
from submissions.storage.repo import content_id as git_content_id
from submissions.storage.repo import validate_path


class BlobCache:
    """Folder of contents by id. It may be deleted at any time, and is verified on every read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, content_id: str) -> bytes | None:
        """Return a cached content, if any."""
        try:
            content = self._blob_path(content_id).read_bytes()
        except OSError:
            return None  # not cached, or unreadable: the Hub has it
        return content if content_id in compute_hub_ids(content) else None

    def put(self, content_id: str, content: bytes) -> None:
        """Cache a content, if the space suffices."""
        with suppress(OSError):  # a full disk must not stop a reader
            atomic_write(self._blob_path(content_id), content)

    def _blob_path(self, content_id: str) -> Path:
        return self._folder / validate_path(content_id)[:2] / content_id


def compute_hub_ids(content: bytes) -> tuple[str, str]:
    """Return the possible ids of a content on the Hub: in Git, and in LFS."""
    return git_content_id(content), hashlib.sha256(content).hexdigest()
