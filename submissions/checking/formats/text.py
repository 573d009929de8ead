"""Text files: encoding, and detection of content that is no text."""

from __future__ import annotations

import codecs
import io
import re
from typing import IO

from submissions.checking.formats.recognition import recognize_content
from submissions.checking.problem_list import ProblemList
from submissions.errors import InvalidFile

_CHUNK = 2**20
_ENCODING_FIX = "Save the file as UTF-8; no other encoding is guessed."
_WIDE_FIX = "Save the file as UTF-8; `fix` does."
_NUL_FIX = "Data is missing there, as after a copy that broke off or a full disk: copy or write the file again."
_MARKS = (
    # UTF-32's byte order mark begins like UTF-16's, so it is checked first.
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_UNMARKED = (
    (re.compile(rb"[^\0]\0\0\0[^\0]\0\0\0", re.DOTALL), "utf-32-le", "UTF-32"),
    (re.compile(rb"\0\0\0[^\0]\0\0\0[^\0]", re.DOTALL), "utf-32-be", "UTF-32"),
    (re.compile(rb"[^\0]\0[^\0]\0", re.DOTALL), "utf-16-le", "UTF-16"),
    (re.compile(rb"\0[^\0]\0[^\0]", re.DOTALL), "utf-16-be", "UTF-16"),
)
"""First bytes of ASCII characters, as JSON and a CSV header have them, in wider encodings."""
_NULS = re.compile(rb"\0+")


def detect_wide_encoding(start: bytes) -> tuple[str, str] | None:
    """Return the codec and the name of UTF-16 or UTF-32, with or without a byte order mark; None for other text."""
    for mark, codec, name in _MARKS:
        if start.startswith(mark):
            return codec, name
    for pattern, codec, name in _UNMARKED:
        if pattern.match(start):
            return codec, name
    return None


def seek_to_text(stream: IO[bytes], listing: ProblemList) -> bool:
    """Seek to the text past a byte order mark; False (and listed) if the file is not UTF-8 text."""
    if fault := _find_content_fault(stream):
        listing.add_error(fault.what, fault.fix)
        return False
    stream.seek(0)
    is_marked = stream.read(3) == codecs.BOM_UTF8
    if is_marked:
        listing.add_warning("The file begins with a byte order mark, which was removed.", "Nothing to do.")
    stream.seek(len(codecs.BOM_UTF8) if is_marked else 0)
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
    guess = bytes([value]).decode("cp1252", errors="ignore")
    hint = f" (in Windows-1252 it would be {guess})" if guess.isprintable() and guess else ""
    listing.add_error(f"The byte 0x{value:02x} at offset {offset:,} is not UTF-8{hint}.", _ENCODING_FIX, line)


def report_nul_run(listing: ProblemList, offset: int, length: int, line: int) -> None:
    """List a run of NUL bytes; `offset` counts from 0 at the start of the file."""
    what = f"{length:,} NUL byte{'s' if length > 1 else ''} at offset {offset:,}."
    listing.add_error(what, _NUL_FIX, line)


def find_nul_run(content: bytes) -> tuple[int, int] | None:
    """Return start and length of the longest run of NUL bytes; None without any."""
    if b"\0" not in content:
        return None
    longest = max(_NULS.finditer(content), key=lambda match: match.end() - match.start())
    return longest.start(), longest.end() - longest.start()


def _find_content_fault(stream: IO[bytes]) -> InvalidFile | None:
    stream.seek(0)
    start = stream.read(8)
    if wide := detect_wide_encoding(start):
        marked = "" if any(start.startswith(mark) for mark, _, _ in _MARKS) else " without a byte order mark"
        return InvalidFile(f"The file is {wide[1]} text{marked}, not UTF-8.", _WIDE_FIX)
    if start.startswith(b"\0\0"):
        return _describe_leading_nuls(stream)
    return recognize_content(stream)


def _describe_leading_nuls(stream: IO[bytes]) -> InvalidFile:
    size, count = stream.seek(0, 2), 0
    stream.seek(0)
    while block := stream.read(_CHUNK):
        rest = block.lstrip(b"\0")
        count += len(block) - len(rest)
        if rest:
            break
    if count == size:
        return InvalidFile(f"The file has {size:,} NUL bytes and nothing else.", _NUL_FIX)
    return InvalidFile(f"The file begins with {count:,} NUL bytes.", _NUL_FIX)


def _is_utf8(stream: IO[bytes], listing: ProblemList) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    while True:
        offset = stream.tell() - len(decoder.getstate()[0])
        block = stream.read(_CHUNK)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            seen = error.object[: error.start]
            report_invalid_byte(listing, offset + error.start, error.object[error.start], line + seen.count(b"\n"))
            return False
        if run := find_nul_run(block):
            at = stream.tell() - len(block) + run[0]
            report_nul_run(listing, at, run[1], line + text.count("\n", 0, text.find("\0")))
            return False
        line += text.count("\n")
        if not block:
            return True
