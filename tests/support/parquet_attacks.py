"""Parquet files that end or fill a process that reads them. Open them in a check process only."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe


def encode_table(rows: int = 20, text: str = "text", **options: object) -> bytes:
    """A sound table of that many rows."""
    outputs = [f"{text} {n % 7}" for n in range(rows)]
    table = pa.table({"input": [f"{text} {n}" for n in range(rows)], "output": outputs})
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


class _PlainKeys(pe.KmsClient):
    """Wraps keys by not wrapping them: the reader has none anyway."""

    def __init__(self, config: object) -> None:
        super().__init__()
        del config

    def wrap_key(self, key_bytes: bytes, _: str) -> bytes:
        return key_bytes.hex().encode()

    def unwrap_key(self, wrapped_key: bytes, _: str) -> bytes:
        return bytes.fromhex(wrapped_key.decode())


def encrypt_table(*, has_plain_footer: bool) -> bytes:
    """A table whose columns are encrypted, with its footer readable or not."""
    table = pa.table({"input": ["a"] * 20, "output": ["b"] * 20})
    properties = pe.CryptoFactory(_PlainKeys).file_encryption_properties(
        pe.KmsConnectionConfig(),
        pe.EncryptionConfiguration(
            footer_key="footer", column_keys={"column": ["input", "output"]}, plaintext_footer=has_plain_footer
        ),
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, encryption_properties=properties)
    return sink.getvalue()


def repeat_long_text(characters: int = 190_000, rows: int = 99_000) -> bytes:
    """A few kB that are gigabytes as JSON lines: each row repeats one text of the dictionary."""
    indices = pa.array([0] * rows, pa.int32())
    column = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * characters]))
    sink = io.BytesIO()
    pq.write_table(pa.table({"input": column, "output": pa.array(["y"] * rows)}), sink, compression="zstd")
    return sink.getvalue()


def make_wide_table(columns: int) -> bytes:
    """A row of that many columns, the first two of which are used."""
    names = ["input", "output", *(f"{n:x}" for n in range(columns - 2))]
    sink = io.BytesIO()
    table = pa.Table.from_arrays([pa.array(["x"])] * columns, names=names)
    # Few bytes for a column, so that its footer is within the limit.
    pq.write_table(table, sink, compression="none", use_dictionary=False, write_statistics=False, store_schema=False)
    return sink.getvalue()


def understate_sizes(megabytes: int, codec: str, *, is_dictionary: bool) -> bytes:
    """A table whose footer states sizes of some kB, and whose pages unpack to far more."""
    text = "a" * (megabytes * 2**20 // 8)
    table = pa.table({"input": [text + str(n) for n in range(8)], "output": ["b"] * 8})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression=codec, use_dictionary=is_dictionary, write_statistics=False)
    content = sink.getvalue()
    true = pq.ParquetFile(io.BytesIO(content)).metadata.row_group(0).column(0).total_uncompressed_size
    return content.replace(_encode_varint(true), _encode_varint(1000 | 1 << 7 * (len(_encode_varint(true)) - 1)))


def _encode_varint(number: int) -> bytes:
    """Encode as Thrift's compact protocol does: zigzag, seven bits a byte."""
    rest, encoded = number << 1, bytearray()
    while rest >= 128:
        encoded.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*encoded, rest])
