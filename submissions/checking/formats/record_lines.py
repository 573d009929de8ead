"""Lines of a text for a CSV reader, bounded by record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from submissions.errors import InvalidFile


class RecordLines:
    """Lines of a text. A record, over all its lines, has at most `limit` characters; more raise InvalidFile.

    Its cells are in memory together, and a record of many quoted line breaks could have millions.
    """

    def __init__(self, text: TextIO, limit: int) -> None:
        self._text = text
        self._limit = limit
        self._left = limit

    def begin_record(self, read: int) -> int:
        """Begin another record; return its line, when so many were read."""
        self._left = self._limit
        return read + 1

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(self._limit + 1):
            self._left -= len(line)
            if self._left < 0:
                what = f"The record that begins here has more than {self._limit:,} characters."
                raise InvalidFile(what, "Shorten it.")
            yield line
