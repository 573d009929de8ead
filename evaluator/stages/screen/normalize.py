"""letters-and-digits@1: what is left of a text when form is taken away."""

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
    """letters-and-digits@1: NFKC, case folded, letters, marks and digits only; all of it if there are none."""
    if text.isascii():  # says the same, and is most of what there is
        return text.lower().encode().translate(None, _ASCII_SIGNS).decode() or text.lower().strip()
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_LETTER_OR_DIGIT.sub("", folded) or folded.strip()


def has_letters(text: str) -> bool:
    """Whether a text has a letter, mark or digit at all."""
    return _LETTER_OR_DIGIT.search(text) is not None


@dataclass(frozen=True)
class Normalizer:
    """Of a data set, made once for all that compares them."""

    inputs: list[str]
    outputs: list[str]

    @classmethod
    def from_rows(cls, rows: Sequence[Row]) -> Self:
        """Of each row."""
        return cls([normalize_text(row.input) for row in rows], [normalize_text(row.output) for row in rows])

    def select_rows(self, numbers: Sequence[int]) -> Normalizer:
        """Of some of the rows, in the order given."""
        return Normalizer([self.inputs[number] for number in numbers], [self.outputs[number] for number in numbers])
