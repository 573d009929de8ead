"""Comma-separated values with a header line, quoted as in RFC 4180."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from submissions.checking.formats.csv_dialects import SEPARATORS, parse_separator_line, split_header
from submissions.checking.formats.raw_row import RawRow, check_row_count, max_record_bytes
from submissions.checking.formats.record_lines import RecordLines
from submissions.checking.formats.text import decode_stream
from submissions.checking.payloads.row_limits import RowLimits
from submissions.checking.problem_list import ProblemList, quote_text
from submissions.errors import InvalidFile

_HEADER_FIX = "The first line must name the columns: input,output (separated by commas)."
_SEPARATOR_FIX = "Separate the cells with commas, the header first; `fix` does."
_MARK_FIX = "Remove the mark; `fix` does."
_REPEATED_FIX = "Remove the line; `fix` does."
_QUOTE_FIX = 'Put a cell with commas, quotes or line breaks in double quotes, and double each quote in it: "a ""b""".'


def read_rows(stream: IO[bytes], limits: RowLimits, listing: ProblemList) -> Iterator[RawRow]:
    """Yield the rows after the header; stop at the first ambiguous quotes, which are listed."""
    text = decode_stream(stream, listing)
    if text is None:
        return
    # The csv module's limit is process-wide: it is only raised, so that other readers' rows are not truncated.
    csv.field_size_limit(max(csv.field_size_limit(), max_record_bytes(limits)))
    records = RecordLines(text, max_record_bytes(limits))
    lines = _read_lines(records, listing)
    start = 1
    try:
        first = next(lines, "")
        _require_commas(first)
        reader = csv.reader(itertools.chain([first], lines), strict=True)
        header = _parse_header(next(reader, []))
        start = records.begin_record(reader.line_num)
        for number, cells in enumerate(reader, 1):
            check_row_count(number, limits)
            if cells and (row := header.to_raw_row(cells, start, listing)):
                yield row
            start = records.begin_record(reader.line_num)
    except csv.Error as error:
        listing.add_error(f"The record that begins here is not CSV: {error}.", _QUOTE_FIX, start)
    except InvalidFile as unfit:
        listing.add_error(unfit.what, unfit.fix, start)
    finally:
        text.detach()  # otherwise it would close the caller's file


@dataclass(frozen=True)
class _Header:
    input: int | None
    output: int
    width: int
    extra: tuple[str, ...]
    instruction: int | None
    """Column of the prompt in the Alpaca format; then a table without a column input has one that is empty."""
    names: tuple[str, ...]

    def to_raw_row(self, cells: list[str], line: int, listing: ProblemList) -> RawRow | None:
        if tuple(cells) == self.names:
            listing.add_error("The header is repeated here, as in files that were joined.", _REPEATED_FIX, line)
            return None
        if len(cells) == self.width:
            given = "" if self.input is None else cells[self.input]
            instruction = None if self.instruction is None else cells[self.instruction]
            return RawRow(line, given, cells[self.output], self.extra, instruction)
        listing.add_error(f"The record has {len(cells)} cell(s), the header has {self.width}.", _QUOTE_FIX, line)
        return None


def _require_commas(line: str) -> None:
    """Raises InvalidFile for a first line that shows another separator."""
    if separator := parse_separator_line(line):
        raise InvalidFile(
            f"The first line is {quote_text(line.strip(), 20)}, which only Excel reads: it says that the cells are "
            f"separated by {SEPARATORS.get(separator, quote_text(separator))}.",
            _SEPARATOR_FIX,
        )
    try:
        separator, _ = split_header(line, SEPARATORS)
    except InvalidFile:
        return  # the header's own errors name the columns
    if separator != ",":
        raise InvalidFile(f"The cells are separated by {SEPARATORS[separator]}, not by commas.", _SEPARATOR_FIX)


def _parse_header(names: list[str]) -> _Header:
    """Return the indices of the columns. Raises InvalidFile."""
    columns = ", ".join(quote_text(name, 40) for name in names[:12]) or "none"
    instruction = next((at for at, name in enumerate(names) if name.strip().casefold() == "instruction"), None)
    for name in ("input", "output"):
        if Counter(names)[name] != 1 and (name == "output" or name in names or instruction is None):
            count = "no" if name not in names else "more than one"
            raise InvalidFile(f"There is {count} column {name} (columns found: {columns}).", _HEADER_FIX)
    extra = tuple(name for name in names if name not in ("input", "output"))
    given = names.index("input") if "input" in names else None
    return _Header(given, names.index("output"), len(names), extra, instruction, tuple(names))


def _read_lines(records: RecordLines, listing: ProblemList) -> Iterator[str]:
    for number, line in enumerate(records, 1):
        if line.startswith("\ufeff"):
            listing.add_error(
                "The line begins with a byte order mark, as in files that were joined.", _MARK_FIX, number
            )
        yield line.removeprefix("\ufeff")
