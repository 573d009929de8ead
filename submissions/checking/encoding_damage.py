"""Texts that lost characters, or were read in another encoding than they were written in (mojibake)."""

from __future__ import annotations

import re

from submissions.checking.problem_list import ProblemList, quote_text

_LOST = re.compile("\ufffd|锟斤拷")
"""The replacement character, also as its bytes look in a Chinese encoding."""
_SHARE = 20
"""One row in this many with damage makes a file damaged throughout; fewer may be meant."""
_EXCERPT = 30
_PLAUSIBLE = re.compile(
    r"[\u00a0-\u017f\u0370-\u045f\u0490-\u0491\u05d0-\u06ff\u0900-\u0eff\u1e00-\u1eff\u2010-\u2122"
    r"\u3000-\ud7ff\ufb00-\uffef\U0001f300-\U0001faff]"
)
"""Characters that texts have; others come from letters that stand together by chance, such as É»."""


def _pattern_of(codec: str, times: int) -> re.Pattern[str]:
    """Return the pattern of UTF-8 sequences that were decoded as a single-byte encoding, at least `times` in a row."""

    def char_class(first: int, last: int) -> str:
        chars = (bytes([code]).decode(codec, errors="ignore") or chr(code) for code in range(first, last + 1))
        return f"[{''.join(map(re.escape, chars))}]"

    more = char_class(0x80, 0xBF)
    sequences = (
        char_class(0xC2, 0xDF) + more,
        char_class(0xE0, 0xEF) + more + "{2}",
        char_class(0xF0, 0xF4) + more + "{3}",
    )
    return re.compile(f"(?:{'|'.join(sequences)}){{{times},}}")


_CODECS = {"cp1252": _pattern_of("cp1252", 1), "latin-1": _pattern_of("latin-1", 1), "cp1251": _pattern_of("cp1251", 3)}
"""In Windows-1251 single pairs are words (Рі), so that only a run of them is damage."""


class EncodingDamage:
    """Counts the rows of a file with damaged texts."""

    def __init__(self) -> None:
        self._lost = 0
        self._garbled = 0
        self._lost_example = ""
        self._garbled_example = ("", "")
        self._rows = 0

    def count_row(self, text: str) -> None:
        """Count a row by its text."""
        self._rows += 1
        if text.isascii():
            return
        if match := _LOST.search(text):
            self._lost += 1
            self._lost_example = self._lost_example or _cut_excerpt(text, match)
        elif found := _find_garbled(text):
            self._garbled += 1
            self._garbled_example = self._garbled_example if self._garbled > 1 else found

    def report_warnings(self, listing: ProblemList) -> None:
        """List damage throughout the file, with an example."""
        if self._lost and self._lost * _SHARE >= self._rows:
            listing.add_warning(
                f"{self._lost:,} of {self._rows:,} rows have U+FFFD, the sign of a character that was lost, for "
                f"example {quote_text(self._lost_example)}.",
                "Make the file again from its source, read in the source's encoding.",
            )
        if self._garbled and self._garbled * _SHARE >= self._rows:
            shown, meant = self._garbled_example
            listing.add_warning(
                f"{self._garbled:,} of {self._rows:,} rows look like UTF-8 that was read in another encoding, for "
                f"example {quote_text(shown)} for {quote_text(meant)}.",
                "Make the file again from its source, read as UTF-8.",
            )


def _find_garbled(text: str) -> tuple[str, str] | None:
    """Return a garbled part of a text and what it was; None without any."""
    for codec, pattern in _CODECS.items():
        for match in pattern.finditer(text):
            part = match[0]
            raw = b"".join(_encode_char(char, codec) for char in part)
            meant = raw.decode(errors="ignore")
            if meant and all(map(_PLAUSIBLE.match, meant)):
                return part[:_EXCERPT], meant[:_EXCERPT]
    return None


def _encode_char(char: str, codec: str) -> bytes:
    try:
        return char.encode(codec)
    except UnicodeEncodeError:
        return char.encode("latin-1", errors="ignore")


def _cut_excerpt(text: str, match: re.Match[str]) -> str:
    start = max(text.rfind("\n", 0, match.start()) + 1, match.start() - _EXCERPT // 2)
    return text[start : match.end() + _EXCERPT // 2].partition("\n")[0]
