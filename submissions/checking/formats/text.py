"""Text files: encoding, and detection of binary content."""

from __future__ import annotations

import codecs
import io
from typing import IO

from submissions.checking.problem_list import ProblemList

_CHUNK = 2**20
_ENCODING_FIX = "Save the file as UTF-8; no other encoding is guessed."
_OTHER_FILES = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "Parquet",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    codecs.BOM_UTF16_LE: "UTF-16 text",
    codecs.BOM_UTF16_BE: "UTF-16 text",
}


def seek_to_text(stream: IO[bytes], listing: ProblemList) -> bool:
    """Seek to the text past a byte order mark; False (and listed) if the file is not UTF-8."""
    stream.seek(0)
    start = stream.read(8)
    for magic, kind in _OTHER_FILES.items():
        if start.startswith(magic):
            listing.add_error(f"The file is {kind}, despite its name.", "Deliver it as plain UTF-8 text.")
            return False
    if start.startswith(codecs.BOM_UTF8):
        listing.add_warning("The file begins with a byte order mark, which was removed.", "Nothing to do.")
    stream.seek(len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0)
    return True


def decode_stream(stream: IO[bytes], listing: ProblemList) -> io.TextIOWrapper | None:
    """Return the file as text, line ends unchanged; None (and listed) if it is not UTF-8 throughout."""
    if not seek_to_text(stream, listing):
        return None
    start = stream.tell()
    if not _is_utf8(stream, listing):
        return None
    stream.seek(start)
    return io.TextIOWrapper(stream, encoding="utf-8", newline="")


def report_invalid_byte(listing: ProblemList, offset: int, value: int, line: int) -> None:
    """List an invalid byte; `offset` counts from 0 at the start of the file."""
    listing.add_error(f"The byte 0x{value:02x} at offset {offset:,} is not UTF-8.", _ENCODING_FIX, line)


def _is_utf8(stream: IO[bytes], listing: ProblemList) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    while True:
        offset = stream.tell() - len(decoder.getstate()[0])
        block = stream.read(_CHUNK)
        try:
            line += decoder.decode(block, final=not block).count("\n")
        except UnicodeDecodeError as error:
            seen = error.object[: error.start]
            report_invalid_byte(listing, offset + error.start, error.object[error.start], line + seen.count(b"\n"))
            return False
        if not block:
            return True
