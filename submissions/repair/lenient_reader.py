"""Lenient reader of slightly malformed files: yields each row as value and as text."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, TextIO

from submissions.checking.formats.json_array import Cursor
from submissions.checking.formats.json_object import DECODER, ROW_FIX, Pairs
from submissions.checking.formats.raw_row import max_record_bytes
from submissions.errors import InvalidFile
from submissions.repair.repair_log import RepairLog
from submissions.tracks.track import Track

_LENIENT = json.JSONDecoder(object_pairs_hook=Pairs, parse_int=float, strict=False)
"""JSON decoder that accepts tabs and other control characters inside texts, which JSON wants as escapes."""
_MARKS = (
    # UTF-32's byte order mark begins like UTF-16's, so it is checked first.
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF8, "utf-8-sig", ""),
)
_SEPARATORS = {",": "", ";": "semicolons", "\t": "tabs"}
_FIX = "Fix it by hand."


@dataclass(frozen=True, slots=True)
class LenientRow:
    """One row as read."""

    line: int
    """First line of the row, counted from 1."""
    value: object
    """Parsed value; None if it is unreadable."""
    raw: str
    """JSON on one line: the output for a row without repairs."""
    rewrite: bool = False
    """True for a text that, though readable, is no strict JSON."""


def read_lenient(stream: IO[bytes], ending: str, track: Track, changes: RepairLog) -> Iterator[LenientRow]:
    """Yield the rows of a text file and record the changes needed. Raises InvalidFile for ambiguous rows.

    A Parquet table is not read: a library wrote it, so it is either sound or beyond repair here.
    """
    if ending == "parquet":
        raise InvalidFile("A Parquet table is not changed.", _FIX)
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=_detect_encoding(stream, changes), newline="" if ending == "csv" else "\n")
    try:
        yield from _READERS[ending](text, track, changes)
    except (UnicodeDecodeError, csv.Error, RecursionError) as error:
        raise InvalidFile("Its rows cannot be separated.", _FIX) from error
    finally:
        text.detach()  # otherwise it would close the caller's file


def _detect_encoding(stream: IO[bytes], changes: RepairLog) -> str:
    """Return the encoding of a byte order mark, else UTF-8; no other is guessed."""
    start = stream.read(4)
    stream.seek(0)
    for mark, encoding, name in _MARKS:
        if start.startswith(mark):
            changes.add(f"Written as UTF-8; it was {name}." if name else "The byte order mark was removed.")
            return encoding
    return "utf-8"


def _read_json(text: TextIO, track: Track, changes: RepairLog, *, is_array: bool) -> Iterator[LenientRow]:
    """Yield the rows of a JSON file, an array or lines whatever its name says."""
    longest = max_record_bytes(track)
    first, line = _read_first_line(text, longest)
    if first.startswith("["):
        if not is_array:
            changes.add("Written as JSON lines; it was one JSON array.")
        yield from _read_array(Cursor(text, longest, first, line), changes)
    elif first.strip() == "{":
        changes.add("Each row was put on a line of its own; rows ran over several lines.")
        yield from _read_sequence(Cursor(text, longest, first, line))
    else:
        if is_array:
            changes.add("Named .jsonl; it contained JSON lines, not one array.")
        yield from _read_lines(text, first, line, longest, changes)


def _read_first_line(text: TextIO, longest: int) -> tuple[str, int]:
    """Return the first non-blank line and its number. Raises InvalidFile for an empty file."""
    number = 1
    while line := text.readline(longest):
        if line.strip():
            return line, number
        number += 1
    raise InvalidFile("The file is empty.", _FIX)


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
            raise InvalidFile("A comma or ] is missing.", _FIX)
    cursor.step()
    if cursor.peek():
        raise InvalidFile("There is text after the end of the array.", _FIX)
    if comma_at:
        changes.add("The comma after the last row was removed.", comma_at)


def _read_sequence(cursor: Cursor) -> Iterator[LenientRow]:
    """Yield consecutive objects, each over any number of lines."""
    while cursor.peek():
        yield _read_element(cursor)


def _read_element(cursor: Cursor) -> LenientRow:
    line = cursor.line
    value, raw = cursor.read_value_and_text()
    # A line break outside a text is white space, and none occurs inside a text.
    return LenientRow(line, value, raw.replace("\r", " ").replace("\n", " "))


def _read_lines(text: TextIO, line: str, number: int, longest: int, changes: RepairLog) -> Iterator[LenientRow]:
    for blank in range(1, number):
        changes.add("Blank lines were removed.", blank)
    while line:
        if len(line) == longest and not line.endswith("\n"):
            raise InvalidFile("A line is too long to be read.", _FIX)
        if line.endswith("\r\n"):
            changes.add("Lines end in LF; they ended in CR LF.")
        if line.strip():
            yield _parse_line(number, line.strip(), changes)
        else:
            changes.add("Blank lines were removed.", number)
        number += 1
        line = text.readline(longest)


def _parse_line(number: int, line: str, changes: RepairLog) -> LenientRow:
    """Parse a line as it is, without extra commas, or with its control characters escaped."""
    without = _strip_commas(line)
    for candidate, decoder in ((line, DECODER), (without, DECODER), (without, _LENIENT)):
        try:
            value = decoder.decode(candidate)
        except json.JSONDecodeError:
            continue
        if candidate != line:
            changes.add("A comma after the row, or after its last value, was removed.", number)
        if decoder is _LENIENT:
            changes.add("Tabs or other control characters inside a text were escaped.", number)
        return LenientRow(number, value, candidate, rewrite=decoder is _LENIENT)
    return LenientRow(number, None, line)


def _strip_commas(line: str) -> str:
    """Remove a comma behind the object and one behind its last value: neither can be part of a text."""
    line = line.removesuffix(",").rstrip()
    if line.endswith("}"):
        line = line[:-1].rstrip().removesuffix(",") + "}"
    return line


def _read_csv(text: TextIO, track: Track, changes: RepairLog) -> Iterator[LenientRow]:
    longest = max_record_bytes(track)
    csv.field_size_limit(max(csv.field_size_limit(), longest))
    header, line = _read_first_line(text, longest)
    separator, names = _parse_header(header)
    if word := _SEPARATORS[separator]:
        changes.add(f"The cells were separated by {word}, which CSV does with commas.")
    reader = csv.reader(_read_bounded_lines(text, longest), delimiter=separator, strict=True)
    start = line + 1
    for cells in reader:
        if cells and len(cells) != len(names):
            raise InvalidFile("A record has another number of cells than the header.", _FIX)
        if cells:
            pairs = Pairs(zip(names, cells, strict=True))
            yield LenientRow(start, pairs, json.dumps(dict(pairs), ensure_ascii=False))
        start = line + 1 + reader.line_num


def _parse_header(header: str) -> tuple[str, list[str]]:
    """Return the separator under which the header names both columns once. Raises InvalidFile."""
    for separator in _SEPARATORS:
        names = next(csv.reader([header], delimiter=separator, strict=True), [])
        plain = [name.strip().casefold() for name in names]
        if plain.count("input") == plain.count("output") == 1 and len(set(names)) == len(names):
            return separator, names
    raise InvalidFile("The header does not name input and output.", _FIX)


def _read_bounded_lines(text: TextIO, longest: int) -> Iterator[str]:
    while line := text.readline(longest):
        if len(line) == longest and not line.endswith(("\n", "\r")):
            raise InvalidFile("A line is too long to be read.", ROW_FIX)
        yield line


_READERS: dict[str, Callable[[TextIO, Track, RepairLog], Iterator[LenientRow]]] = {
    "jsonl": lambda text, track, changes: _read_json(text, track, changes, is_array=False),
    "json": lambda text, track, changes: _read_json(text, track, changes, is_array=True),
    "csv": _read_csv,
}
