"""JSON lines: one object on each line."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from submissions.checking.formats.json_faults import ONE_LINE_FIX, describe_long_line, explain_line, is_open_object
from submissions.checking.formats.json_object import DECODER, JSON_BLANKS, ROW_FIX, TOO_DEEP, parse_row_object
from submissions.checking.formats.raw_row import RawRow, check_row_count, max_record_bytes
from submissions.checking.formats.text import find_nul_run, report_invalid_byte, report_nul_run, seek_to_text
from submissions.checking.payloads.row_limits import RowLimits
from submissions.checking.problem_list import ProblemList

_ARRAY = re.compile(rb"\s*\[\s*(\{|$)")
"""Beginning of a file that is one array of objects."""
_MAX_JOINED_LINES = 64
_MAX_JOINED_BYTES = 65_536
"""Limits of a row over several lines that the check still recognizes as one."""
_MAX_JOIN_ATTEMPT_BYTES = 32 * 2**20
"""Bytes of a file read in search of the end of such rows, so that a hostile file costs seconds, not hours."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    offset: int
    """Offset of the line's first byte in the file, from 0."""
    content: bytes | None
    """Bytes of the line; None for a line too long to be read."""
    head: bytes = b""
    """First bytes of a line too long to be read."""


def read_rows(stream: IO[bytes], limits: RowLimits, listing: ProblemList) -> Iterator[RawRow]:
    """Yield the rows of the file. A bad line is listed and skipped, so that all bad lines are found at once."""
    if not seek_to_text(stream, listing):
        return
    blank = carriage_returns = 0
    limit = max_record_bytes(limits)
    rows = _RowParser(listing)
    for line in _read_lines(stream, limit):
        check_row_count(line.number, limits)
        if line.content is None:
            rows.end_open_row()
            fix = "Shorten the row, or put each row on a line of its own."
            what = f"The line has more than {limit:,} bytes, which no row of {limits.max_characters:,} characters needs"
            listing.add_error(f"{what}{describe_long_line(line.head)}.", fix, line.number)
            continue
        carriage_returns += line.content.endswith(b"\r\n")
        if not line.content.strip():
            blank += 1
            continue
        if line.number == 1 and _ARRAY.match(line.content):
            listing.add_error(
                "The file is one JSON array, but a .jsonl file has one object on each line.",
                "Rename the file to end in .json, or write one object on each line.",
                1,
            )
            return
        if row := rows.parse_line(line):
            yield row
    rows.end_open_row()
    _report_warnings(listing, blank, carriage_returns)


class _RowParser:
    """Parses lines, and recognizes a row that runs over several of them."""

    def __init__(self, listing: ProblemList) -> None:
        self._listing = listing
        self._open: list[_Line] = []
        self._attempts_left = _MAX_JOIN_ATTEMPT_BYTES

    def parse_line(self, line: _Line) -> RawRow | None:
        """Return the row of a line; None, and listed at once or with a later line, if it has none."""
        assert line.content is not None
        if self._open and self._join_line(line):
            return None
        try:
            text = line.content.decode()
            return parse_row_object(DECODER.decode(text.rstrip()), line.number, self._listing)
        except UnicodeDecodeError as error:
            report_invalid_byte(self._listing, line.offset + error.start, line.content[error.start], line.number)
        except json.JSONDecodeError as error:
            self._keep_or_report(line, text.strip(JSON_BLANKS), error)
        except RecursionError:
            self._listing.add_error(TOO_DEEP, ROW_FIX, line.number)
        return None

    def end_open_row(self) -> None:
        """Report the lines of a row whose end was not found."""
        for line in self._open:
            self._report(line)
        self._open = []

    def _join_line(self, line: _Line) -> bool:
        """Return whether a line belongs to the open row; a complete row over several lines is reported."""
        content = b"".join(one.content or b"" for one in (*self._open, line))
        self._attempts_left -= len(content)
        is_small = len(content) <= _MAX_JOINED_BYTES and len(self._open) < _MAX_JOINED_LINES
        if not is_small or self._attempts_left < 0:
            self.end_open_row()
            return False
        try:
            value = DECODER.decode(content.decode().strip().removesuffix(","))
        except (ValueError, RecursionError):
            if _is_row_line(line.content or b""):
                self.end_open_row()
                return False
            self._open.append(line)
            return True
        first, self._open = self._open[0], []
        parse_row_object(value, first.number, self._listing)
        what = f"The row runs over {line.number - first.number + 1:,} lines."
        self._listing.add_error(what, ONE_LINE_FIX, first.number)
        return True

    def _keep_or_report(self, line: _Line, text: str, error: json.JSONDecodeError) -> None:
        if self._attempts_left > 0 and len(text) <= _MAX_JOINED_BYTES and is_open_object(text):
            self._open = [line]
        else:
            self._report(line, text, error)

    def _report(self, line: _Line, text: str = "", error: json.JSONDecodeError | None = None) -> None:
        content = line.content or b""
        if run := find_nul_run(content):
            report_nul_run(self._listing, line.offset + run[0], run[1], line.number)
            return
        text = text or content.decode(errors="replace").strip(JSON_BLANKS)
        if error is None:
            try:
                DECODER.decode(text)
            except json.JSONDecodeError as fault:
                error = fault
            except RecursionError:
                pass
        if error is not None:
            self._listing.add_error(*explain_line(text, error), line.number)
        else:
            self._listing.add_error("The line is a part of a row that is not complete.", ROW_FIX, line.number)


def _is_row_line(content: bytes) -> bool:
    """Return whether a line is an object by itself."""
    try:
        return content.lstrip().startswith(b"{") and bool(DECODER.decode(content.decode().strip().removesuffix(",")))
    except (ValueError, RecursionError):
        return False


def _read_lines(stream: IO[bytes], limit: int) -> Iterator[_Line]:
    offset = stream.tell()
    for number in itertools.count(1):
        content = stream.readline(limit)
        if not content:
            return
        size = len(content)
        if size < limit or content.endswith(b"\n"):
            yield _Line(number, offset, content)
        else:
            head = content[:_MAX_JOINED_BYTES]
            while not content.endswith(b"\n") and (content := stream.readline(limit)):
                size += len(content)
            yield _Line(number, offset, None, head)
        offset += size


def _report_warnings(listing: ProblemList, blank: int, carriage_returns: int) -> None:
    if blank:
        listing.add_warning(f"{blank:,} blank line(s) were ignored.", "Nothing to do.")
    if carriage_returns:
        listing.add_warning("Lines end in CR LF, as on Windows; the CR was removed.", "Nothing to do.")
