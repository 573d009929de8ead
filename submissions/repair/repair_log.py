"""Log of the changes in a file, by kind, with their lines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

MAX_LINES = 20
"""Lines listed for one kind of change; the rest are counted."""

MAX_KINDS = 50
"""Kinds of changes listed for one file."""


class RepairLog:
    """Counts changes of one file while they are made."""

    def __init__(self) -> None:
        self._lines: dict[str, list[int]] = {}
        self._counts: dict[str, int] = {}

    def add(self, what: str, line: int | None = None) -> None:
        """Record a change of a kind, in a line or in the file as a whole."""
        self._counts[what] = self._counts.get(what, 0) + 1
        lines = self._lines.setdefault(what, [])
        if line is not None and len(lines) < MAX_LINES:
            lines.append(line)

    def iter_entries(self) -> Iterator[tuple[str, tuple[int, ...], int]]:
        """Yield each kind with its first lines and its count, in order of first occurrence."""
        for what in islice(self._counts, MAX_KINDS):
            yield what, tuple(self._lines[what]), self._counts[what]
        if len(self._counts) > MAX_KINDS:
            yield "There are changes of other kinds.", (), sum(islice(self._counts.values(), MAX_KINDS, None))

    def __bool__(self) -> bool:
        return bool(self._counts)
