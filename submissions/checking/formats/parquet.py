"""Parquet tables with the text columns input and output.

The sizes that the file's footer states are checked before anything is unpacked. A footer that lies is not seen
through: each page of the file may then cost what its own header states, and ends the process that reads it
(submissions/check_process) if that is too much. A footer that tells the truth allows about five times the row limit
for a file, while a batch is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from submissions.checking.formats.raw_row import RawRow, check_row_count
from submissions.checking.formats.recognition import recognize_content
from submissions.checking.limits import MAX_COMPRESSION_RATIO, is_bomb
from submissions.checking.payloads.row_limits import RowLimits
from submissions.checking.problem_list import ProblemList, escape_text, quote_text
from submissions.errors import InvalidFile

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_COLUMNS = ("input", "output")
_COLUMN_FIX = "Write a table with two text columns, input and output."
_DAMAGED_FIX = "Write the file again; `pandas.read_parquet` shows whether it can be read."
_DAMAGED = (OSError, ValueError, LookupError, ArithmeticError, TypeError, RuntimeError)
"""Errors by which pyarrow reports a damaged file, beside its own."""
_BATCH = 16_384
_MAX_FOOTER_BYTES = 16 * 2**20
"""A table of two columns has a footer of some kB."""


def read_rows(stream: IO[bytes], limits: RowLimits, listing: ProblemList) -> Iterator[RawRow]:
    """Yield the rows of the table, by their number from 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    listing.counts_rows = True
    try:
        if fault := recognize_content(stream, magics=(b"PAR1", b"PARE")):
            raise fault
        _check_footer_size(stream)
        footer = pq.ParquetFile(stream)
        extra = _other_columns(footer.schema_arrow)
        _check_footer(footer.metadata, limits)
        # As a dictionary array, a text that repeats in every row is in memory once.
        table = pq.ParquetFile(stream, metadata=footer.metadata, read_dictionary=list(_COLUMNS), pre_buffer=False)
        number = 0
        for batch in table.iter_batches(_BATCH, columns=list(_COLUMNS), use_threads=False):
            columns = (_read_texts(batch.column(name), limits) for name in _COLUMNS)
            for given, wanted in zip(*columns, strict=True):
                number += 1
                check_row_count(number, limits)
                yield RawRow(number, given, wanted, extra)
    except InvalidFile as unfit:
        listing.add_error(unfit.what, unfit.fix)
    except MemoryError:  # the process has reached its limit; pyarrow's error is one of its own kind, too
        raise
    except (pa.ArrowException, *_DAMAGED) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # a disk error; pyarrow's errors about the content have no errno
        what = f"The Parquet file cannot be read, it is damaged or encrypted: {escape_text(str(error), 160)}."
        listing.add_error(what, _DAMAGED_FIX)


def _other_columns(schema: pa.Schema) -> tuple[str, ...]:
    """Return the unused columns. Raises InvalidFile if the two required ones are unusable."""
    columns = ", ".join(quote_text(name, 40) for name in schema.names[:12]) or "none"
    for name in _COLUMNS:
        places = schema.get_all_field_indices(name)
        if len(places) != 1:
            count = "more than one" if places else "no"
            raise InvalidFile(f"There is {count} column {name} (columns found: {columns}).", _COLUMN_FIX)
        kind = _value_type(schema.field(places[0]).type)
        if kind not in ("string", "large_string", "string_view"):
            raise InvalidFile(f"The column {name} contains {escape_text(kind, 40)}, not text.", _COLUMN_FIX)
    if any(name.strip().casefold() == "instruction" for name in schema.names):
        raise InvalidFile(
            "The table has a column instruction beside the input (Alpaca format), which the model would not see.",
            "Put both into the column input: the instruction, a blank line, and the input.",
        )
    return tuple(name for name in schema.names if name not in _COLUMNS)


def _check_footer_size(stream: IO[bytes]) -> None:
    """Reject a file with an encrypted or huge footer before it is read. Raises InvalidFile."""
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, end - 8))
    tail = stream.read(8)
    stream.seek(0)
    if tail.endswith(b"PARE"):
        raise InvalidFile("The Parquet file is encrypted.", "Write it without encryption.")
    if tail.endswith(b"PAR1") and (size := int.from_bytes(tail[:4], "little")) > _MAX_FOOTER_BYTES:
        raise InvalidFile(
            f"The footer of the Parquet file has {size:,} bytes.", "Write fewer columns and larger row groups."
        )


def _value_type(kind: pa.DataType) -> str:
    import pyarrow as pa

    return str(kind.value_type if pa.types.is_dictionary(kind) else kind)


def _check_footer(footer: pq.FileMetaData, limits: RowLimits) -> None:
    """Reject by the footer a file that would be rejected after unpacking. Raises InvalidFile."""
    check_row_count(footer.num_rows, limits)
    packed = unpacked = 0
    for group in range(footer.num_row_groups):
        for column in range(footer.num_columns):
            chunk = footer.row_group(group).column(column)
            if chunk.path_in_schema in _COLUMNS:
                packed += chunk.total_compressed_size
                unpacked += chunk.total_uncompressed_size
    if is_bomb(unpacked, packed):
        raise InvalidFile(
            f"The table unpacks to more than {MAX_COMPRESSION_RATIO} times its size, as zip bombs do.", _DAMAGED_FIX
        )
    if unpacked > limits.max_file_bytes:
        raise InvalidFile(
            f"The table takes {unpacked:,} bytes when unpacked.", f"Deliver at most {limits.max_file_bytes:,} bytes."
        )


def _read_texts(column: pa.Array, limits: RowLimits) -> Iterator[str | None]:
    """Yield the texts of a column, each cut just above a row's character limit."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_dictionary = pa.types.is_dictionary(column.type)
    # Truncated by Arrow: as Python strings, two texts at the file's limit would need gigabytes.
    values = pc.utf8_slice_codeunits(column.dictionary if is_dictionary else column, 0, limits.max_characters + 1)
    texts = values.to_pylist()
    if not is_dictionary:
        yield from texts
        return
    for index in column.indices.to_pylist():
        yield None if index is None else texts[index]
