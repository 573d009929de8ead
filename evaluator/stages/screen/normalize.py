"""letters-digits-signs@2: text normalization that ignores form, and keeps signs that make another exercise."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import regex

from evaluator.stages.screen.expressions import MARKED, SHOWN, fold_digits, mark_signs
from evaluator.stages.screen.look_alikes import fold_disguises, fold_look_alikes, has_disguise
from submissions.records.task import Row

_NOT_MEANT = regex.compile(
    rf"(?V1)[^\p{{L}}\p{{M}}\p{{N}}{MARKED}[\p{{Sm}}--\p{{ASCII}}]]+|\p{{Default_Ignorable_Code_Point}}+"
)
_LETTER_OR_DIGIT = regex.compile(r"[\p{L}\p{M}\p{N}]")
_ASCII_SIGNS = bytes(point for point in range(128) if not chr(point).isalnum())


def normalize_text(text: str) -> str:
    """Normalize a text (letters-digits-signs@2); all of it if it has neither letter nor digit.

    NFKC, case folded, native digits as ASCII; letters, marks and digits; of the signs only those of an expression or
    a number. White space, punctuation and the forms of signs make no difference.
    """
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", fold_digits(text)).casefold()
    marked = mark_signs(folded)
    if marked.isascii():  # equivalent, and the common case
        return marked.encode().translate(None, _ASCII_SIGNS).decode() or folded.strip()
    return _NOT_MEANT.sub("", marked).translate(SHOWN) or folded.strip()


def has_letters(text: str) -> bool:
    """Return whether a text has any letter, mark or digit."""
    return _LETTER_OR_DIGIT.search(text) is not None


def fold_text(text: str) -> str:
    """Normalize a text for the search for near-duplicates: letters that look alike are the same as well."""
    return fold_look_alikes(normalize_text(fold_disguises(text)))


@dataclass(frozen=True)
class Normalizer:
    """Normalized texts of a data set, computed once for all comparisons."""

    rows: Sequence[Row]
    inputs: list[str]
    outputs: list[str]

    @classmethod
    def from_rows(cls, rows: Sequence[Row]) -> Self:
        """Normalize each row."""
        return cls(rows, [normalize_text(row.input) for row in rows], [normalize_text(row.output) for row in rows])

    def select_rows(self, numbers: Sequence[int]) -> Normalizer:
        """Select some of the rows, in the order given."""
        rows, inputs, outputs = self.rows, self.inputs, self.outputs
        return Normalizer(
            [rows[number] for number in numbers],
            [inputs[number] for number in numbers],
            [outputs[number] for number in numbers],
        )

    def fold_look_alikes(self) -> Normalizer:
        """Return the same rows with letters folded that look alike."""
        sides = [(self.inputs, [row.input for row in self.rows]), (self.outputs, [row.output for row in self.rows])]
        inputs, outputs = (
            [
                fold_look_alikes(text) if text.isascii() or not has_disguise(raw) else fold_text(raw)
                for text, raw in zip(texts, raws, strict=True)
            ]
            for texts, raws in sides
        )
        return Normalizer(self.rows, inputs, outputs)
