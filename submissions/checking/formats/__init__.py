"""Data file formats, by the ending of the file name."""

from collections.abc import Callable, Iterator
from typing import IO

from submissions.checking.formats import csv_table, json_array, json_lines, parquet
from submissions.checking.formats.raw_row import RawRow
from submissions.checking.payloads.row_limits import RowLimits
from submissions.checking.problem_list import ProblemList

Reader = Callable[[IO[bytes], RowLimits, ProblemList], Iterator[RawRow]]
"""Yields the rows of a seekable file and lists invalid ones; never loads more than a part of the file."""

READERS: dict[str, Reader] = {
    "jsonl": json_lines.read_rows,
    "json": json_array.read_rows,
    "csv": csv_table.read_rows,
    "parquet": parquet.read_rows,
}

__all__ = ["READERS", "RawRow", "Reader"]
