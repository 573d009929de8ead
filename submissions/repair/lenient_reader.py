"""Lenient reader of slightly malformed files: yields each row as value and as text."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import IO, TextIO

from submissions.checking.formats.csv_dialects import SEPARATORS, parse_separator_line, split_header
from submissions.checking.formats.json_layouts import Pairs
from submissions.checking.formats.raw_row import max_record_bytes
from submissions.checking.formats.recognition import recognize_content
from submissions.checking.formats.record_lines import RecordLines
from submissions.checking.formats.text import detect_wide_encoding
from submissions.checking.payloads.row_limits import RowLimits
from submissions.errors import InvalidFile
from submissions.repair.lenient_json import read_first_line, read_json
from submissions.repair.lenient_row import HAND_FIX, LenientRow
from submissions.repair.repair_log import RepairLog

_LINE_BREAK_BYTES = 2**20
"""Bytes of the file's start that show how its lines end."""


def read_lenient(stream: IO[bytes], ending: str, limits: RowLimits, changes: RepairLog) -> Iterator[LenientRow]:
    """Yield the rows of a text file and record the changes needed. Raises InvalidFile for ambiguous rows.

    A Parquet table is not read: a library wrote it, so it is either sound or beyond repair here.
    """
    if ending == "parquet":
        raise InvalidFile("A Parquet table is not changed.", HAND_FIX)
    stream.seek(0)
    encoding = _detect_encoding(stream, changes)
    if encoding.startswith("utf-8") and (fault := recognize_content(stream)):
        raise fault
    newline = "" if ending == "csv" else _detect_line_break(stream, encoding)
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, newline=newline)
    try:
        yield from _READERS[ending](text, limits, changes)
    except (UnicodeDecodeError, csv.Error, RecursionError) as error:
        raise InvalidFile("Its rows cannot be separated.", HAND_FIX) from error
    finally:
        text.detach()  # otherwise it would close the caller's file


def _detect_encoding(stream: IO[bytes], changes: RepairLog) -> str:
    """Return the encoding: UTF-16 or UTF-32 by its first bytes, else UTF-8; no other is guessed."""
    start = stream.read(8)
    stream.seek(0)
    if start.startswith(codecs.BOM_UTF8):
        changes.add("The byte order mark was removed.")
        return "utf-8-sig"
    if wide := detect_wide_encoding(start):
        changes.add(f"Written as UTF-8; it was {wide[1]}.")
        return wide[0]
    return "utf-8"


def _detect_line_break(stream: IO[bytes], encoding: str) -> str:
    """Return the line break of JSON lines: CR for a file without any LF, else LF."""
    stream.seek(0)
    start = stream.read(_LINE_BREAK_BYTES).decode(encoding, errors="ignore")
    return "\r" if "\r" in start and "\n" not in start else "\n"


def _read_csv(text: TextIO, limits: RowLimits, changes: RepairLog) -> Iterator[LenientRow]:
    longest = max_record_bytes(limits)
    csv.field_size_limit(max(csv.field_size_limit(), longest))
    header, line = read_first_line(text, longest)
    separators: tuple[str, ...] = tuple(SEPARATORS)
    if separator := parse_separator_line(header):
        changes.add("The line that names the separator was removed; only Excel reads it.", line)
        separators = (separator,)
        header, beyond = read_first_line(text, longest)
        line += beyond
    separator, names = split_header(header, separators)
    if separator != ",":
        word = SEPARATORS.get(separator, f"{separator!r}")
        changes.add(f"The cells were separated by {word}, which CSV does with commas.")
    records = RecordLines(text, longest)
    reader = csv.reader(_read_lines(records, line, changes), delimiter=separator, strict=True)
    start = line + 1
    for cells in reader:
        if cells == names:
            changes.add("A repetition of the header was removed.", start)
        elif cells and len(cells) != len(names):
            raise InvalidFile("A record has another number of cells than the header.", HAND_FIX)
        elif cells:
            pairs = Pairs(zip(names, cells, strict=True))
            yield LenientRow(start, pairs, json.dumps(dict(pairs), ensure_ascii=False))
        start = line + records.begin_record(reader.line_num)


def _read_lines(records: RecordLines, number: int, changes: RepairLog) -> Iterator[str]:
    for line in records:
        number += 1
        if "\0" in line:
            raise InvalidFile("A line has NUL bytes.", HAND_FIX)
        if line.startswith("\ufeff"):
            changes.add("A byte order mark at the beginning of a line was removed.", number)
        yield line.removeprefix("\ufeff")


_READERS: dict[str, Callable[[TextIO, RowLimits, RepairLog], Iterator[LenientRow]]] = {
    "jsonl": lambda text, limits, changes: read_json(text, limits, changes, is_array=False),
    "json": lambda text, limits, changes: read_json(text, limits, changes, is_array=True),
    "csv": _read_csv,
}
