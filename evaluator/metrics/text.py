"""Text as arena@1 compares it: NFKC, case folded, cut into words, or into characters where a script has no blanks."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import regex

UNSPACED = frozenset({"zh", "ja", "th", "lo", "km", "my"})
"""Languages written without blanks between words (SCORING.md, arena@1, rule 4)."""

_UNSPACED_LETTER = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*")
_NOT_WORD = regex.compile(r"[^\p{L}\p{M}\p{N}]+")


def folded(text: str) -> str:
    """NFKC and case folding, outer blanks off."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def plain(text: str) -> str:
    """Folded text with runs of signs and blanks as single blanks; a text of signs alone stays what it is."""
    return _NOT_WORD.sub(" ", folded(text)).strip() or folded(text)


@lru_cache(4096)  # a task's labels come back for every answer
def spaced(text: str) -> str:
    """Text with the letters of scripts without blanks set apart, so that word bounds are found there too."""
    return " ".join(_UNSPACED_LETTER.sub(r" \g<0> ", text).split())


def tokens(text: str, language: str) -> list[str]:
    """The units of overlap metrics: characters for languages without blanks, words elsewhere."""
    words = plain(text).split()
    if language.split("-")[0].lower() in UNSPACED:
        return [part for word in words for part in regex.findall(r"\X", word)]
    return words
