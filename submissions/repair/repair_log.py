"""What was changed in a file, by kind, with the lines it was changed in."""

from __future__ import annotations

from collections.abc import Iterator

MAX_LINES = 20
"""Lines that are named for one kind of change; the rest are counted."""


class RepairLog:
    """Counts changes of one file while they are made."""

    def __init__(self) -> None:
        self._lines: dict[str, list[int]] = {}
        self._counts: dict[str, int] = {}

    def add(self, what: str, line: int | None = None) -> None:
        """Note a change of a kind, in a line or in the file as a whole."""
        self._counts[what] = self._counts.get(what, 0) + 1
        lines = self._lines.setdefault(what, [])
        if line is not None and len(lines) < MAX_LINES:
            lines.append(line)

    def iter_entries(self) -> Iterator[tuple[str, tuple[int, ...], int]]:
        """Each kind with its first lines and its count, in the order in which they were met."""
        for what, count in self._counts.items():
            yield what, tuple(self._lines[what]), count

    def __bool__(self) -> bool:
        return bool(self._counts)
