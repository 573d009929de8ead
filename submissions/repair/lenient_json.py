"""Lenient reader of JSON rows: in an array, on lines, several on a line, over several lines, or inside one object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

from submissions.checking.formats.json_array import Cursor
from submissions.checking.formats.json_faults import is_open_object, name_separators, split_glued
from submissions.checking.formats.json_layouts import Pairs, find_row_layout
from submissions.checking.formats.json_object import DECODER, JSON_BLANKS
from submissions.checking.formats.raw_row import max_record_bytes
from submissions.checking.payloads.row_limits import RowLimits
from submissions.errors import InvalidFile
from submissions.repair.lenient_row import HAND_FIX, LenientRow
from submissions.repair.repair_log import RepairLog

_LENIENT = json.JSONDecoder(object_pairs_hook=Pairs, parse_int=float, strict=False)
"""JSON decoder that accepts tabs and other control characters inside texts, which JSON wants as escapes."""
_EXACT = json.JSONDecoder(object_pairs_hook=Pairs)
"""Decoder for values that are written again: numbers stay as they are."""
_MAX_LAYOUT_CHARACTERS = 64 * 2**20
"""Characters of one value that holds all rows; a larger one takes too much memory."""
_MAX_JOINED_LINES = 1000
_MAX_JOIN_ATTEMPT_CHARACTERS = 64 * 2**20
"""Characters read in search of the ends of rows that run over several lines."""
_SEVERAL_LINES = "Each row was put on a line of its own; rows ran over several lines."
_BLANK_LINES = "Blank lines were removed."


def read_json(text: TextIO, limits: RowLimits, changes: RepairLog, *, is_array: bool) -> Iterator[LenientRow]:
    """Yield the rows of a JSON file, whatever its name says. Raises InvalidFile for ambiguous rows."""
    longest = max_record_bytes(limits)
    first, line = read_first_line(text, longest)
    begin = first.lstrip("\ufeff \t")
    if begin.startswith("["):
        if not is_array:
            changes.add("Written as JSON lines; it was one JSON array.")
        yield from _read_array(Cursor(text, longest, begin, line), changes)
    elif begin.strip() == "{" or (len(first) == longest and begin.startswith("{")):
        yield from _expand_rows(_read_sequence(Cursor(text, _MAX_LAYOUT_CHARACTERS, begin, line), changes), changes)
    else:
        lines = _LineReader(text, longest, changes)
        yield from _expand_rows(lines.read_rows(first, line), changes)
        if is_array and lines.rows > 1:
            changes.add("Named .jsonl; it contained JSON lines, not one array.")


def read_first_line(text: TextIO, longest: int) -> tuple[str, int]:
    """Return the first non-blank line and its number. Raises InvalidFile for an empty file."""
    number = 1
    while line := text.readline(longest):
        if line.strip():
            return line, number
        number += 1
    raise InvalidFile("The file is empty.", HAND_FIX)


def _expand_rows(rows: Iterator[LenientRow], changes: RepairLog) -> Iterator[LenientRow]:
    """Yield each row; a value that holds many rows as these."""
    for piece in rows:
        layout = find_row_layout(piece.value)
        if layout is None:
            yield piece
            continue
        try:
            layout = find_row_layout(_EXACT.decode(piece.raw)) or layout
        except ValueError as error:
            raise InvalidFile("A number of it is too long to be read.", HAND_FIX) from error
        changes.add(f"Each row is now an object of its own; rows were written {layout.what}.", piece.line)
        for value in layout.rows:
            yield LenientRow(piece.line, value, json.dumps(_to_plain(value), ensure_ascii=False))


def _to_plain(value: object) -> object:
    if isinstance(value, Pairs):
        return {name: _to_plain(inner) for name, inner in value}
    return [_to_plain(inner) for inner in value] if isinstance(value, list) else value


def _read_array(cursor: Cursor, changes: RepairLog) -> Iterator[LenientRow]:
    """Yield the elements of an array; skip a comma after the last one."""
    cursor.peek()
    cursor.step()
    comma_at = 0
    while cursor.peek() != "]":
        comma_at = 0
        yield _read_element(cursor)
        if cursor.peek() == ",":
            comma_at = cursor.line
            cursor.step()
        elif cursor.peek() != "]":
            raise InvalidFile("A comma or ] is missing.", HAND_FIX)
    cursor.step()
    if cursor.peek():
        raise InvalidFile("There is text after the end of the array.", HAND_FIX)
    if comma_at:
        changes.add("The comma after the last row was removed.", comma_at)


def _read_sequence(cursor: Cursor, changes: RepairLog) -> Iterator[LenientRow]:
    """Yield consecutive objects, each over any number of lines, with or without commas between them."""
    last = 0
    while char := cursor.peek():
        if char in ",\ufeff\x1e":
            changes.add(f"{name_separators(char).capitalize()} between rows was removed.", cursor.line)
            cursor.step()
            continue
        start = cursor.line
        piece = _read_element(cursor)
        if cursor.line > start:
            changes.add(_SEVERAL_LINES, start)
        elif start == last:
            changes.add("Rows on one line were put on a line each.", start)
        last = cursor.line
        yield piece


def _read_element(cursor: Cursor) -> LenientRow:
    line = cursor.line
    value, raw = cursor.read_value_and_text()
    # A line break outside a text is white space, and none occurs inside a text.
    return LenientRow(line, value, raw.replace("\r", " ").replace("\n", " "))


@dataclass
class _LineReader:
    """Reads JSON lines; joins and splits lines where rows do not end with them."""

    text: TextIO
    longest: int
    changes: RepairLog
    rows: int = 0
    _open: list[tuple[int, str]] = field(default_factory=list)
    _attempts_left: int = _MAX_JOIN_ATTEMPT_CHARACTERS

    def read_rows(self, line: str, number: int) -> Iterator[LenientRow]:
        """Yield the rows from a line that was read, with its number. Raises InvalidFile."""
        for blank in range(1, number):
            self.changes.add(_BLANK_LINES, blank)
        while line:
            if len(line) == self.longest and not line.endswith(("\n", "\r")):
                raise InvalidFile("A line is too long to be read.", HAND_FIX)
            self._note_line_end(line)
            if line.strip(JSON_BLANKS):
                for row in self._parse_line(number, line.strip(JSON_BLANKS)):
                    self.rows += 1
                    yield row
            elif not self._open:
                self.changes.add(_BLANK_LINES, number)
            number += 1
            line = self.text.readline(self.longest)
        yield from self._end_open_row()

    def _note_line_end(self, line: str) -> None:
        if line.endswith("\r\n"):
            self.changes.add("Lines end in LF; they ended in CR LF.")
        elif line.endswith("\r"):
            self.changes.add("Lines end in LF; they ended in CR.")

    def _parse_line(self, number: int, line: str) -> Iterator[LenientRow]:
        if self._open:
            content = " ".join((*(text for _, text in self._open), line))
            self._attempts_left -= len(content)
            row = self._parse_joined(content) if self._can_join(content) else None
            if row is not None:
                yield row
                return
            if self._can_join(content) and not self._is_row(line):
                self._open.append((number, line))
                return
            yield from self._end_open_row()
        row = _parse_one(number, line, self.changes)
        if row is not None:
            yield row
        elif pieces := _split_line(number, line, self.changes):
            yield from pieces
        elif is_open_object(line) and self._can_join(line):
            self._open = [(number, line)]
        else:
            yield LenientRow(number, None, line)

    def _can_join(self, content: str) -> bool:
        is_small = len(content) < self.longest and len(self._open) < _MAX_JOINED_LINES
        return is_small and self._attempts_left > 0

    def _parse_joined(self, content: str) -> LenientRow | None:
        try:
            value = DECODER.decode(content.removesuffix(","))
        except (json.JSONDecodeError, RecursionError):
            return None
        first = self._open[0][0]
        self._open = []
        self.changes.add(_SEVERAL_LINES, first)
        return LenientRow(first, value, content.removesuffix(","))

    def _is_row(self, line: str) -> bool:
        return line.startswith("{") and _parse_one(0, line, RepairLog()) is not None

    def _end_open_row(self) -> Iterator[LenientRow]:
        opened, self._open = self._open, []
        for number, line in opened:
            yield LenientRow(number, None, line)


def _parse_one(number: int, line: str, changes: RepairLog) -> LenientRow | None:
    """Parse a line as it is, without extra commas, with its control characters escaped, or decoded once more."""
    without = _strip_commas(line)
    for candidate, decoder in ((line, DECODER), (without, DECODER), (without, _LENIENT)):
        try:
            value = decoder.decode(candidate)
        except json.JSONDecodeError:
            continue
        if decoder is _LENIENT and _has_line_break(value):
            continue
        if candidate != line:
            changes.add("A comma after the row, or after its last value, was removed.", number)
        if decoder is _LENIENT:
            changes.add("Tabs or other control characters inside a text were escaped.", number)
        if inner := _decode_again(value):
            changes.add("The row was decoded once more; it was JSON inside a text.", number)
            return LenientRow(number, inner, str(value).strip())
        return LenientRow(number, value, candidate, rewrite=decoder is _LENIENT)
    return None


def _has_line_break(value: object) -> bool:
    """Return whether a text of a row has a raw CR, which may be the end of a line in the middle of two rows."""
    return isinstance(value, Pairs) and any(isinstance(cell, str) and "\r" in cell for _, cell in value)


def _decode_again(value: object) -> Pairs | None:
    """Return the object inside a text; None for another value."""
    if not isinstance(value, str) or not value.strip().startswith("{"):
        return None
    try:
        inner = DECODER.decode(value.strip())
    except (json.JSONDecodeError, RecursionError):
        return None
    return inner if isinstance(inner, Pairs) and "\n" not in value.strip() else None


def _split_line(number: int, line: str, changes: RepairLog) -> list[LenientRow]:
    """Return the objects of a line that has several, or something beside one; none for another line."""
    glued = split_glued(line)
    if glued is None:
        return []
    named = name_separators(glued.separators)
    if len(glued.values) > 1:
        beside = f"; {named} between them was removed" if named else ""
        changes.add(f"Rows on one line were put on a line each{beside}.", number)
    elif named:
        changes.add(f"{named[:1].upper()}{named[1:]} beside the row was removed.", number)
    return [LenientRow(number, value, text) for value, text in zip(glued.values, glued.texts, strict=True)]


def _strip_commas(line: str) -> str:
    """Remove a comma behind the object and one behind its last value: neither can be part of a text."""
    line = line.removesuffix(",").rstrip()
    if line.endswith("}"):
        line = line[:-1].rstrip().removesuffix(",") + "}"
    return line
