"""The screen: rows that copy a reference test row are taken out before anything is measured."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import regex

from submissions.models import Record, Row

_NOT_LETTER_OR_DIGIT = regex.compile(r"[^\p{L}\p{M}\p{N}]+")


class Screened(Record):
    """What the screen left of an entry. Private: line numbers go to the submitter, reference rows to nobody."""

    kept: tuple[int, ...]
    """Row numbers from 0, in order."""
    exact: tuple[int, ...]
    """Rows whose input is a test row's, letter for letter."""
    normalised: tuple[int, ...]
    """Rows whose input differs from a test row's in case, blanks, signs or character form only."""

    @property
    def removed(self) -> int:
        """How many rows were taken out."""
        return len(self.exact) + len(self.normalised)


def screen(rows: Sequence[Row], test: Sequence[Row]) -> Screened:
    """Compare every input with every test input, exactly and normalised."""
    inputs = {row.input for row in test}
    skeletons = {skeleton(row.input) for row in test}
    kept, exact, normalised = [], [], []
    for number, row in enumerate(rows):
        if row.input in inputs:
            exact.append(number)
        elif skeleton(row.input) in skeletons:
            normalised.append(number)
        else:
            kept.append(number)
    return Screened(kept=tuple(kept), exact=tuple(exact), normalised=tuple(normalised))


def skeleton(text: str) -> str:
    """letters-and-digits@1: NFKC, case folded, letters, marks and digits only; all of it if there are none."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return _NOT_LETTER_OR_DIGIT.sub("", folded) or folded.strip()
