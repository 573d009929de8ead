"""One JSON array of objects, read piece by piece so that a large file is never loaded whole."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import IO, TextIO

from submissions.checking.formats.json_layouts import Pairs, find_row_layout, is_row
from submissions.checking.formats.json_object import (
    DECODER,
    LAYOUT_FIX,
    ROW_FIX,
    TOO_DEEP,
    describe_json_error,
    parse_row_object,
)
from submissions.checking.formats.raw_row import RawRow, check_row_count, max_record_bytes
from submissions.checking.formats.text import decode_stream
from submissions.checking.payloads.row_limits import RowLimits
from submissions.checking.problem_list import ProblemList, quote_text
from submissions.errors import InvalidFile

_SPACE = re.compile(r"[ \t\r\n]*")
_PIECE = 65_536
_CUT = 12
"""Distance before the buffer's end at which a cut text can appear faulty: the length of two unicode escapes."""
_MAX_WHOLE_CHARACTERS = 16 * 2**20
"""Characters of a file that is one object, read to say what it is."""
_ARRAY_FIX = "Write one JSON array of objects, or name the file .jsonl and write one object on each line."


def read_rows(stream: IO[bytes], limits: RowLimits, listing: ProblemList) -> Iterator[RawRow]:
    """Yield the rows of the file; stop at the first invalid JSON, which is listed."""
    text = decode_stream(stream, listing)
    if text is None:
        return
    cursor = Cursor(text, max_record_bytes(limits))
    try:
        yield from _read_elements(cursor, limits, listing)
    except InvalidFile as unfit:
        listing.add_error(unfit.what, unfit.fix, cursor.line)
    finally:
        text.detach()  # otherwise it would close the caller's file


def _read_elements(cursor: Cursor, limits: RowLimits, listing: ProblemList) -> Iterator[RawRow]:
    if cursor.peek() != "[":
        raise _explain_no_array(cursor)
    cursor.step()
    if cursor.peek() != "]":
        for number in itertools.count(1):
            check_row_count(number, limits)
            cursor.peek()
            line, value = cursor.line, cursor.read_value()
            if row := parse_row_object(value, line, listing):
                yield row
            if cursor.peek() != ",":
                break
            cursor.step()
    if cursor.peek() != "]":
        raise InvalidFile(f"A comma or ] is missing here (column {cursor.column}).", _ARRAY_FIX)
    cursor.step()
    if cursor.peek():
        raise InvalidFile("There is text after the end of the array.", _ARRAY_FIX)


def _explain_no_array(cursor: Cursor) -> InvalidFile:
    """Return what a file has in place of an array."""
    fault = InvalidFile("The file does not begin with [, so it is not a JSON array.", _ARRAY_FIX)
    if cursor.peek() != "{":
        return fault
    try:
        value, _ = cursor.read_value_and_text(_MAX_WHOLE_CHARACTERS)
    except InvalidFile:
        return fault
    if cursor.peek():
        return InvalidFile("The file has objects one behind the other, not one JSON array.", _ARRAY_FIX)
    if layout := find_row_layout(value):
        rows = "row is" if len(layout.rows) == 1 else "rows are"
        return InvalidFile(f"The file is one object: {len(layout.rows):,} {rows} written {layout.what}.", LAYOUT_FIX)
    if isinstance(value, Pairs) and is_row(value) and all(isinstance(cell, str) for _, cell in value):
        return InvalidFile("The file is one row, not an array of rows.", _ARRAY_FIX)
    keys = ", ".join(quote_text(name, 30) for name, _ in list(value)[:8]) if isinstance(value, Pairs) else ""
    return InvalidFile(f"The file is one object (its keys: {keys or 'none'}), not an array of rows.", _ARRAY_FIX)


class Cursor:
    """Position in a JSON text that is buffered in parts."""

    def __init__(self, text: TextIO, longest: int, held: str = "", line: int = 1) -> None:
        """Start with `held`, the text read before, from the start of the line with that number."""
        self.line = line
        self.column = 1
        self._text = text
        self._longest = longest
        self._buffer = held
        self._at = 0

    def peek(self) -> str:
        """Return the next character that is not white space; empty at the end."""
        while True:
            space = _SPACE.match(self._buffer, self._at)
            self._advance_to(space.end() if space else self._at)
            if self._at < len(self._buffer) or not self._read_more():
                return self._buffer[self._at : self._at + 1]

    def step(self) -> None:
        """Advance past the peeked character."""
        self._advance_to(self._at + 1)

    def read_value(self) -> object:
        """Read the JSON value that begins here. Raises InvalidFile."""
        return self.read_value_and_text()[0]

    def read_value_and_text(self, longest: int | None = None) -> tuple[object, str]:
        """Read the JSON value that begins here, and its source text. Raises InvalidFile.

        `longest` replaces the cursor's limit of characters.
        """
        longest = longest or self._longest
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._at)
            except RecursionError as error:
                raise InvalidFile(TOO_DEEP, ROW_FIX) from error
            except json.JSONDecodeError as error:
                # A truncated value looks invalid until the rest has been read.
                if len(self._buffer) - self._at > longest or not self._read_more():
                    raise self._explain_error(error) from error
            else:
                # A number is only complete when something follows it.
                if end < len(self._buffer) or not self._read_more():
                    text = self._buffer[self._at : end]
                    self._advance_to(end)
                    return value, text

    def _explain_error(self, error: json.JSONDecodeError) -> InvalidFile:
        held = len(self._buffer) - self._at
        if held > self._longest and (error.msg.startswith("Unterminated") or error.pos >= len(self._buffer) - _CUT):
            return InvalidFile(
                f"The row that begins here has more than {self._longest:,} characters.", "Shorten it, or leave it out."
            )
        self._advance_to(error.pos)
        return InvalidFile(f"This is not JSON: {describe_json_error(error)} at column {self.column:,}.", ROW_FIX)

    def _advance_to(self, to: int) -> None:
        breaks = self._buffer.count("\n", self._at, to)
        self.line += breaks
        self.column = to - self._buffer.rfind("\n", self._at, to) if breaks else self.column + to - self._at
        self._at = to

    def _read_more(self) -> bool:
        rest = self._buffer[self._at :]
        more = self._text.read(max(_PIECE, len(rest)))
        if more:
            self._buffer, self._at = rest + more, 0
        return bool(more)
