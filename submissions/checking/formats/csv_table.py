"""Comma-separated values with a header line, quoted as in RFC 4180."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TextIO

from submissions.checking.formats.raw_row import RawRow, check_row_count, max_record_bytes
from submissions.checking.formats.text import decode_stream
from submissions.checking.problem_list import ProblemList, quote_text
from submissions.errors import InvalidFile
from submissions.tracks.track import Track

_HEADER_FIX = "The first line must name the columns: input,output (separated by commas)."
_QUOTE_FIX = 'Put a cell with commas, quotes or line breaks in double quotes, and double each quote in it: "a ""b""".'


def read_rows(stream: IO[bytes], track: Track, listing: ProblemList) -> Iterator[RawRow]:
    """Yield the rows after the header; stop at the first ambiguous quotes, which are listed."""
    text = decode_stream(stream, listing)
    if text is None:
        return
    # The csv module's limit is process-wide: it is only raised, so that other readers' rows are not truncated.
    csv.field_size_limit(max(csv.field_size_limit(), max_record_bytes(track)))
    reader = csv.reader(_read_lines(text, max_record_bytes(track)), strict=True)
    start = 1
    try:
        header = _parse_header(next(reader, []))
        start = reader.line_num + 1
        for number, cells in enumerate(reader, 1):
            check_row_count(number, track)
            if cells and (row := header.to_raw_row(cells, start, listing)):
                yield row
            start = reader.line_num + 1
    except csv.Error as error:
        listing.add_error(f"The record that begins here is not CSV: {error}.", _QUOTE_FIX, start)
    except InvalidFile as unfit:
        listing.add_error(unfit.what, unfit.fix, start)
    finally:
        text.detach()  # otherwise it would close the caller's file


@dataclass(frozen=True)
class _Header:
    input: int
    output: int
    width: int
    extra: tuple[str, ...]

    def to_raw_row(self, cells: list[str], line: int, listing: ProblemList) -> RawRow | None:
        if len(cells) == self.width:
            return RawRow(line, cells[self.input], cells[self.output], self.extra)
        listing.add_error(f"The record has {len(cells)} cell(s), the header has {self.width}.", _QUOTE_FIX, line)
        return None


def _parse_header(names: list[str]) -> _Header:
    """Return the indices of the two columns. Raises InvalidFile."""
    columns = ", ".join(quote_text(name, 40) for name in names[:12]) or "none"
    for name in ("input", "output"):
        if Counter(names)[name] != 1:
            count = "no" if name not in names else "more than one"
            raise InvalidFile(f"There is {count} column {name} (columns found: {columns}).", _HEADER_FIX)
    extra = tuple(name for name in names if name not in ("input", "output"))
    return _Header(names.index("input"), names.index("output"), len(names), extra)


def _read_lines(text: TextIO, limit: int) -> Iterator[str]:
    while line := text.readline(limit):
        if len(line) == limit and not line.endswith(("\n", "\r")):
            raise InvalidFile(
                f"The record that begins here has a line of more than {limit:,} characters.", "Shorten it."
            )
        yield line
