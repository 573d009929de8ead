"""Characters that show nothing, by Unicode's Default_Ignorable_Code_Point and the blanks outside it."""

from __future__ import annotations

import unicodedata

_IGNORABLE_RANGES = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Default_Ignorable_Code_Point, DerivedCoreProperties.txt: Unicode adds none outside these ranges."""
BLANK_SIGNS = frozenset("\u2800\U0001d159")
"""Signs with an empty glyph: the braille cell without dots, and the music sign of a note without a head."""
_BLANK_CATEGORIES = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def is_ignorable(char: str) -> bool:
    """Return whether a character has no glyph and no width."""
    code = ord(char)
    if code < 0xAD:
        return False
    return any(first <= code <= last for first, last in _IGNORABLE_RANGES) or unicodedata.category(char) == "Cf"


def is_invisible(char: str) -> bool:
    """Return whether a character shows nothing: white space, a control, or a character without a glyph."""
    return unicodedata.category(char) in _BLANK_CATEGORIES or char in BLANK_SIGNS or is_ignorable(char)


def is_blank(text: str) -> bool:
    """Return whether a text shows nothing at all."""
    return all(map(is_invisible, text))


def strip_ignorable(text: str) -> str:
    """Return the text without the characters that have no glyph and no width."""
    return text if text.isascii() else "".join(char for char in text if not is_ignorable(char))


def name_characters(text: str, most: int = 3) -> str:
    """Name the different characters of a text by code point, for a message."""
    codes = [f"U+{ord(char):04X}" for char in dict.fromkeys(text)]
    return ", ".join(codes[:most]) + (", …" if len(codes) > most else "")
