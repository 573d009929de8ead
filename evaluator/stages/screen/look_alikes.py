"""Folds letters of other scripts that look like Latin ones, as Unicode lists them (UTS #39)."""

from __future__ import annotations

from functools import cache

import regex

from submissions.names.look_alikes import load_prototypes

_WORD_OF_MANY_SCRIPTS = regex.compile(
    r"(?V1)[\p{L}\p{M}]*(?:[A-Za-z]\p{M}*[\p{L}--\p{Latin}]|[\p{L}--\p{Latin}]\p{M}*[A-Za-z])[\p{L}\p{M}]*"
)
_STACKED_MARKS = regex.compile(r"(?<=[\p{Latin}\p{Cyrillic}\p{Greek}]\p{M}*)\p{M}+")
_LATIN = regex.compile(r"[\p{Latin}\p{M}]")
_LETTERS = {"1": "l", "0": "o"}
"""Letters of the kinds that Unicode names after a digit."""
_CASED_SCRIPTS = regex.compile(r"[\p{Cyrillic}\p{Greek}\p{Armenian}\p{Coptic}\p{Cherokee}\p{Lisu}\p{Deseret}\p{Latin}]")


def has_disguise(text: str) -> bool:
    """Return whether a word of Latin letters has look-alikes from other scripts in it."""
    return not text.isascii() and any(_is_disguised(found[0]) for found in _WORD_OF_MANY_SCRIPTS.finditer(text))


def fold_disguises(text: str) -> str:
    """Write words of Latin letters and look-alikes, all of them replaceable, in Latin letters; keep other words.

    Capitals are read as such: a Cyrillic В is a B here, and its small form is not.
    """
    if text.isascii():
        return text
    table = _latin_letters()
    return _WORD_OF_MANY_SCRIPTS.sub(
        lambda found: found[0].translate(table) if _is_disguised(found[0]) else found[0], text
    )


def fold_look_alikes(skeleton: str) -> str:
    """Fold a case-folded text for comparison: each letter that looks like a small Latin one is that one, l is i."""
    if not skeleton.isascii():
        skeleton = _STACKED_MARKS.sub("", skeleton.translate(_small_letters()))
    return skeleton.replace("l", "i")


def _is_disguised(word: str) -> bool:
    table = _latin_letters()
    return all(ord(letter) in table or _LATIN.match(letter) for letter in word)


@cache
def _latin_letters() -> dict[int, str]:
    found = {}
    for char, prototype in load_prototypes().items():
        letter = _LETTERS.get(prototype, prototype)
        if not char.isascii() and char.isalpha() and letter.isascii() and letter.isalpha():
            found[ord(char)] = letter
    return found


@cache
def _small_letters() -> dict[int, str]:
    return {
        code: letter.lower()
        for code, letter in _latin_letters().items()
        if _CASED_SCRIPTS.match(chr(code)) and chr(code).casefold() == chr(code)
    }
