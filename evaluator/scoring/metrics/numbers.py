"""Numbers, dates, times and fractions in a text: one token each, written in one way."""

from __future__ import annotations

import regex

from submissions.records.language_tags import primary_language

_COMMA_LANGUAGES = frozenset(
    "de fr es it pt nl pl cs sk ru uk be bg mk sr hr bs sl ro hu tr az kk uz vi id sv da no is fi et lv lt "
    "el ca gl eu af sq hy ka".split()
)
"""Languages with a decimal comma, in which `1.500` is a thousand and a half."""

SIGN = r"(?:(?<![\p{L}\p{M}\p{N}−–-])[−–-](?=\.?[0-9]))?"
"""Minus of a number, no hyphen or dash between two."""
DATE = (
    r"[0-9]{4}(?P<between>[-/.])[0-9]{1,2}(?P=between)[0-9]{1,2}(?![0-9])"
    r"|[0-9]{4}\s*年\s*[0-9]{1,2}\s*月\s*[0-9]{1,2}\s*日"
    r"|[0-9]{4}\s*년\s*[0-9]{1,2}\s*월\s*[0-9]{1,2}\s*일"
    r"|[0-9]{1,2}(?P<dmy>[-/.])[0-9]{1,2}(?P=dmy)[0-9]{4}(?![0-9])"
)
"""2019-03-01, 2019/3/1, 2019年3月1日, 1.3.2019."""
TIME = r"[0-9]{1,3}(?::[0-9]{1,2})+(?![0-9])"
"""12:30, 1:02:03; a score 3:2 too."""
FRACTION = r"[0-9]+\s?[⁄]\s?[0-9]+|[0-9]+/[0-9]+(?![0-9/])"
DECIMAL = r"(?:[0-9]+(?:[.,'’][0-9]+)*|(?<![\p{L}0-9.])\.[0-9]+)"
"""1,000, 12,34,567, 3.14, 3,14, 1'000, .5"""
_JOINED_BLANKS = regex.compile(r"(?<![0-9.,])[0-9]{1,3}(?:[\u00a0\u202f\u2009][0-9]{3})+(?![0-9])")
_JOINED_ALL_BLANKS = regex.compile(r"(?<![0-9.,])[0-9]{1,3}(?:[\u00a0\u202f\u2009 ][0-9]{3})+(?![0-9])")
_BLANK_LANGUAGES = frozenset("fr ru uk be bg pl cs sk sv no fi et lv lt hu pt es ca kk".split())
"""Languages that part thousands with a blank."""
_PARTS = regex.compile(r"[0-9]+")


def uses_decimal_comma(language: str) -> bool:
    """Return whether a language writes 3,14 for 3.14."""
    return primary_language(language) in _COMMA_LANGUAGES


def join_thousands(text: str, language: str) -> str:
    """Remove blanks between thousands: `1 000 000` is one number. Narrow ones in all languages."""
    pattern = _JOINED_ALL_BLANKS if primary_language(language) in _BLANK_LANGUAGES else _JOINED_BLANKS
    return pattern.sub(lambda match: "".join(_PARTS.findall(match[0])), text)


def canonicalize_number(raw: str, *, decimal_comma: bool = False) -> str:
    """Return a number without marks of thousands, with a decimal point and without zeros at its end.

    Three digits behind a single mark are thousands if it is the language's mark for these, else decimals. A number
    with several marks that make no thousands, such as 192.168.0.1, stays unchanged.
    """
    sign, body = ("-", raw[1:]) if raw[0] in "−–-" else ("", raw)
    body = body.replace("'", "").replace("’", "")
    if body.isdecimal():
        return sign + body
    marks = [mark for mark in body if mark in ".,"]
    parts = _PARTS.findall(body)
    if len(set(marks)) == 2:
        whole, decimals = ("".join(parts[:-1]), parts[-1]) if marks.count(marks[-1]) == 1 else ("".join(parts), "")
    elif len(marks) > 1:
        if not _are_thousands(parts):
            return sign + body
        whole, decimals = "".join(parts), ""
    elif body.startswith("."):
        whole, decimals = "0", parts[0]
    elif _are_thousands(parts) and (marks[0] == ".") == decimal_comma:
        whole, decimals = "".join(parts), ""
    else:
        whole, decimals = parts
    decimals = decimals.rstrip("0")
    return f"{sign}{whole}.{decimals}" if decimals else sign + whole


def canonicalize_date(raw: str) -> str:
    """Return a date as year-month-day; one with slashes, whose order differs by country, keeps it."""
    first, second, third = _PARTS.findall(raw)
    if len(first) == 4:
        return f"{first}-{int(second):02}-{int(third):02}"
    if "/" in raw:
        return f"{int(first)}/{int(second)}/{third}"
    return f"{third}-{int(second):02}-{int(first):02}"


def _are_thousands(parts: list[str]) -> bool:
    """Whether digits are grouped as thousands, or as in India: 12,34,567."""
    first, *middle, last = parts
    if first.startswith("0") or len(first) > 3 or len(last) != 3:
        return False
    return all(len(part) == 3 for part in middle) or (len(first) <= 2 and all(len(part) == 2 for part in middle))
