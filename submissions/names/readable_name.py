"""Names that people give to teams and systems: which characters they may have, and how they are stored."""

from __future__ import annotations

import unicodedata

from submissions.names.invisible import BLANK_SIGNS, is_ignorable

_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe0e\ufe0f"
_JOINING_SCRIPTS = ("ARABIC", "SYRIAC", "MONGOLIAN", "NKO", "MANDAIC")
"""Scripts whose letters change their form next to a joiner, by the first word of a letter's name."""


def normalize_name(name: str) -> str:
    """Return a name as it is stored: NFC, one blank between words. Raises ValueError for one that cannot be read.

    Refused are characters that show nothing (controls, format characters, marks of direction, fillers, variation
    selectors), private and unassigned ones. A joiner stays where a script or an emoji needs it (UAX #31, B and A).
    """
    plain = " ".join(unicodedata.normalize("NFC", name).split(" "))
    for at, char in enumerate(plain):
        if _is_refused(plain, at):
            raise ValueError(f"it must have no control characters and none that show nothing (U+{ord(char):04X})")
    plain = " ".join(plain.split())
    if not plain or all(unicodedata.category(char)[0] in "MZ" for char in plain):
        raise ValueError("it must not be blank")
    return plain


def _is_refused(name: str, at: int) -> bool:
    char = name[at]
    category = unicodedata.category(char)
    if char in _JOINERS or char in _SELECTORS:
        return not _is_needed(name, at)
    if "\U0001f3fb" <= char <= "\U0001f3ff":
        return False
    return category in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") or char in BLANK_SIGNS or is_ignorable(char)


def _is_needed(name: str, at: int) -> bool:
    """Return whether a joiner or a selector changes how its neighbours are shown."""
    char, before, after = name[at], name[at - 1 : at], name[at + 1 : at + 2]
    if not before:
        return False
    if char in _SELECTORS:
        return unicodedata.category(before) in ("So", "Sm", "Po") or before in "0123456789#*"
    if unicodedata.combining(before) == 9:  # a virama of an Indic script
        return True
    if char == "\u200d" and after and unicodedata.category(after) == "So":
        return before in _SELECTORS or unicodedata.category(before) in ("So", "Sk")
    names = (unicodedata.name(one, "") for one in (before, after) if one)
    return bool(after) and all(one.startswith(_JOINING_SCRIPTS) for one in names)
