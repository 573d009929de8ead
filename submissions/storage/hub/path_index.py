"""Index of a repository's paths and content ids, searchable by prefix without a full scan."""

from __future__ import annotations

from bisect import bisect_left


class PathIndex:
    """Ids by path, in the order of paths."""

    def __init__(self, ids: dict[str, str]) -> None:
        self._ids = ids
        self._order: list[str] | None = None

    def get(self, path: str) -> str | None:
        """Return the id of a file; None without a file."""
        return self._ids.get(path)

    def put(self, path: str, content_id: str | None) -> None:
        """Set a file's id; None removes the file."""
        if (path in self._ids) == (content_id is None):
            self._order = None
        if content_id is None:
            self._ids.pop(path, None)
        else:
            self._ids[path] = content_id

    def with_prefix(self, prefix: str) -> dict[str, str]:
        """Return the files whose paths begin with `prefix`, sorted."""
        if self._order is None:
            self._order = sorted(self._ids)
        start = bisect_left(self._order, prefix)
        end = bisect_left(self._order, f"{prefix}\U0010ffff", start)
        return {path: self._ids[path] for path in self._order[start:end]}

    def path_kind(self, path: str) -> str | None:
        """Return `file`, `directory`, or None for a missing path."""
        if path in self._ids:
            return "file"
        return "directory" if self.with_prefix(f"{path}/") else None
