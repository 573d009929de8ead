"""JSON lines: one object on each line."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from submissions.checking.formats.json_object import DECODER, ROW_FIX, TOO_DEEP, describe_json_error, parse_row_object
from submissions.checking.formats.raw_row import RawRow, check_row_count, max_record_bytes
from submissions.checking.formats.text import report_invalid_byte, seek_to_text
from submissions.checking.problem_list import ProblemList
from submissions.tracks.track import Track

_ARRAY = re.compile(rb"\s*\[\s*(\{|$)")
"""Beginning of a file that is one array of objects."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    offset: int
    """Offset of the line's first byte in the file, from 0."""
    content: bytes | None
    """Bytes of the line; None for a line too long to be read."""


def read_rows(stream: IO[bytes], track: Track, listing: ProblemList) -> Iterator[RawRow]:
    """Yield the rows of the file. A bad line is listed and skipped, so that all bad lines are found at once."""
    if not seek_to_text(stream, listing):
        return
    blank = carriage_returns = 0
    limit = max_record_bytes(track)
    for line in _read_lines(stream, limit):
        check_row_count(line.number, track)
        if line.content is None:
            listing.add_error(
                f"The line has more than {limit:,} bytes, which no row of {track.max_characters:,} characters needs.",
                "Shorten the row, or put each row on a line of its own.",
                line.number,
            )
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
        if row := _parse_line(line.number, line.offset, line.content, listing):
            yield row
    _report_warnings(listing, blank, carriage_returns)


def _parse_line(number: int, offset: int, content: bytes, listing: ProblemList) -> RawRow | None:
    try:
        return parse_row_object(DECODER.decode(content.decode().rstrip()), number, listing)
    except UnicodeDecodeError as error:
        report_invalid_byte(listing, offset + error.start, content[error.start], number)
    except json.JSONDecodeError as error:
        listing.add_error(
            f"The line is not JSON: {describe_json_error(error)} at column {error.colno:,}.", ROW_FIX, number
        )
    except RecursionError:
        listing.add_error(TOO_DEEP, ROW_FIX, number)
    return None


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
            while not content.endswith(b"\n") and (content := stream.readline(limit)):
                size += len(content)
            yield _Line(number, offset, None)
        offset += size


def _report_warnings(listing: ProblemList, blank: int, carriage_returns: int) -> None:
    if blank:
        listing.add_warning(f"{blank:,} blank line(s) were ignored.", "Nothing to do.")
    if carriage_returns:
        listing.add_warning("Lines end in CR LF, as on Windows; the CR was removed.", "Nothing to do.")
