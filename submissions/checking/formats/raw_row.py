"""Row of a file before its values are checked."""

from __future__ import annotations

from dataclasses import dataclass

from submissions.checking.payloads.row_limits import RowLimits
from submissions.errors import InvalidFile


@dataclass(frozen=True, slots=True)
class RawRow:
    """Unchecked input and output values of one row."""

    line: int
    """Start of the row, counted from 1: a line of the file, or a row of a Parquet table."""
    input: object
    output: object
    extra: tuple[str, ...] = ()
    """Other keys or columns, which are not used."""
    instruction: object = None
    """Value of the key or column `instruction`, which holds the prompt, or a part of it, in the Alpaca format."""


def max_record_bytes(limits: RowLimits) -> int:
    """Return the byte limit of one row in a text file; a longer one is rejected unread.

    A character takes up to 12 bytes in JSON (two \\u escapes); the rest is room for keys that are not used.
    """
    return 12 * limits.max_characters + 65_536


def check_row_count(count: int, limits: RowLimits) -> None:
    """Stop reading a file with more rows, good or bad, than allowed. Raises InvalidFile."""
    if count > limits.row_limit:
        raise InvalidFile(
            f"The file has more than {limits.row_limit:,} rows.",
            f"Deliver at most {limits.row_limit:,}; only the first {limits.max_rows:,} count.",
        )
