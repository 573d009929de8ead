"""letters-and-digits@1: text normalization that ignores form."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import regex

from submissions.records.task import Row

_NOT_LETTER_OR_DIGIT = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
_LETTER_OR_DIGIT = regex.compile(r"[\p{L}\p{M}\p{N}]")
_ASCII_SIGNS = bytes(point for point in range(128) if not chr(point).isalnum())


def normalize_text(text: str) -> str:
    """Normalize a text (letters-and-digits@1): NFKC, case folded, letters, marks and digits only; all of it if none."""
    if text.isascii():  # equivalent, and the common case
        return text.lower().encode().translate(None, _ASCII_SIGNS).decode() or text.lower().strip()
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_LETTER_OR_DIGIT.sub("", folded) or folded.strip()


def has_letters(text: str) -> bool:
    """Return whether a text has any letter, mark or digit."""
    return _LETTER_OR_DIGIT.search(text) is not None


@dataclass(frozen=True)
class Normalizer:
    """Normalized texts of a data set, computed once for all comparisons."""

    inputs: list[str]
    outputs: list[str]

    @classmethod
    def from_rows(cls, rows: Sequence[Row]) -> Self:
        """Normalize each row."""
        return cls([normalize_text(row.input) for row in rows], [normalize_text(row.output) for row in rows])

    def select_rows(self, numbers: Sequence[int]) -> Normalizer:
        """Select some of the rows, in the order given."""
        return Normalizer([self.inputs[number] for number in numbers], [self.outputs[number] for number in numbers])
