"""Damaged files: edits of bytes, as disks, networks, editors and attackers make them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from hypothesis import strategies as st

TOKENS = (
    b"", b"\0", b"\n", b"\r", b"\r\n", b'"', b'""', b"'", b",", b";", b"\t", b":", b"{", b"}", b"[", b"]",
    b"\\", b"\\u", b"\\ud800", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xc3", b"null", b"true", b"NaN", b"1e999",
    b"-0", b"9" * 5000, b"[" * 3000, b'{"input":' * 2000, b"input", b"output", b"task", b"metadata", b"PK\x03\x04",
    b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x07", b"PAR1", b"PARE", b"\x1f\x8b", b"\xe2\x80\xae", b"../", b"a" * 70_000,
)  # fmt: skip
"""Pieces that mean something to one of the parsers."""
LENGTHS = (0, 1, 2, 127, 128, 255, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)


@st.composite
def damaged_files(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds after one to four edits."""
    content = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        edit = draw(st.sampled_from(EDITS))
        content = edit(draw, content, seeds)
    return content


def _draw_place(draw: st.DrawFn, content: bytes) -> int:
    """A position, as often near the end, where formats have their tables of contents, as anywhere."""
    near_end = draw(st.booleans())
    return draw(st.integers(max(0, len(content) - 200) if near_end else 0, len(content)))


def flip_bits(draw: st.DrawFn, content: bytes, _: Sequence[bytes]) -> bytes:
    """Flip some bits of one byte."""
    place = _draw_place(draw, content)
    flipped = bytes(byte ^ draw(st.integers(1, 255)) for byte in content[place : place + 1])
    return content[:place] + flipped + content[place + 1 :]


def truncate(draw: st.DrawFn, content: bytes, _: Sequence[bytes]) -> bytes:
    """Cut the end off."""
    return content[: _draw_place(draw, content)]


def delete_range(draw: st.DrawFn, content: bytes, _: Sequence[bytes]) -> bytes:
    """Leave out some bytes."""
    place = _draw_place(draw, content)
    return content[:place] + content[place + draw(st.integers(1, 64)) :]


def repeat_range(draw: st.DrawFn, content: bytes, _: Sequence[bytes]) -> bytes:
    """Repeat some bytes."""
    place = _draw_place(draw, content)
    piece = content[place : place + draw(st.integers(1, 256))]
    return content[:place] + piece * draw(st.integers(2, 50)) + content[place:]


def splice(draw: st.DrawFn, content: bytes, seeds: Sequence[bytes]) -> bytes:
    """Continue with the rest of another file."""
    other = draw(st.sampled_from(seeds))
    return content[: _draw_place(draw, content)] + other[_draw_place(draw, other) :]


def insert_token(draw: st.DrawFn, content: bytes, _: Sequence[bytes]) -> bytes:
    """Insert or overwrite with a piece that a parser knows."""
    place, token = _draw_place(draw, content), draw(st.sampled_from(TOKENS))
    return content[:place] + token + content[place + (len(token) if draw(st.booleans()) else 0) :]


def edit_length(draw: st.DrawFn, content: bytes, _: Sequence[bytes]) -> bytes:
    """Overwrite a field with another length: fixed, little-endian or of seven bits a byte."""
    place, length = _draw_place(draw, content), draw(st.sampled_from(LENGTHS))
    fixed = [partial(length.to_bytes, size, "little") for size in (2, 4, 8) if length < 2 ** (8 * size)]
    field = draw(st.sampled_from([*fixed, partial(encode_varint, length)]))()
    return content[:place] + field + content[place + len(field) :]


def encode_varint(number: int) -> bytes:
    """Encode a number with seven bits a byte."""
    encoded = bytearray()
    while number >= 128:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes([*encoded, number])


EDITS = (flip_bits, truncate, delete_range, repeat_range, splice, insert_token, edit_length)
