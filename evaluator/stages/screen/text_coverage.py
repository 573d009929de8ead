"""Coverage: the letters of a test row that a row repeats in runs, each run as often as the test row has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import regex
from numpy.typing import NDArray

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.screen.normalize import fold_text
from evaluator.stages.screen.shingles import cut_shingles, mark_dense

_SENTENCE_END = regex.compile(r"(?<=[.!?…])\s+|(?<=[。！？؟।])|\n+")
_QUESTION_MARK = regex.compile(r"[?？؟⸮;]|_{2,}")
_MIN_ROWS = 3
"""Number of test rows up to which their common runs do not count as a template."""


@dataclass(frozen=True)
class TextPart:
    """Sentence or line of a text: offsets in the skeleton, and whether it asks something."""

    start: int
    end: int
    is_question: bool


@dataclass(frozen=True)
class TextCoverage:
    """Share of a text that another repeats."""

    letters: NDArray[np.float64]
    """Weight of each letter; 0 for those of the template."""
    covered: NDArray[np.bool_]

    @property
    def size(self) -> float:
        """Weight of the text."""
        return float(self.letters.sum())

    @property
    def missing(self) -> float:
        """Weight that is not covered."""
        return float(self.letters[~self.covered].sum())

    @property
    def share(self) -> float:
        """Covered share; 0 for an empty text."""
        return 1 - self.missing / self.size if self.size else 0.0

    def cut_part(self, start: int, end: int) -> TextCoverage:
        """Return the coverage of a part."""
        return TextCoverage(self.letters[start:end], self.covered[start:end])


class RunIndex:
    """Runs of the texts of both sides, as shingles longer than those that propose pairs."""

    def __init__(
        self, test: list[str], mine: list[str], near: NearDuplicateSettings, rows: int, times: int = 1
    ) -> None:
        """Cut all texts; runs that most of the first `rows` test texts have are their template.

        `times` makes the runs longer than the settings say.
        """
        texts = [text[: near.longest] for text in (*test, *mine)]
        shingles = cut_shingles(texts, near.run * times, near.dense_run * times)
        numbers, vocabulary = pd.factorize(shingles.hashes)
        self._ids = numbers.astype(np.int64)
        self._starts = shingles.starts
        self._texts = texts
        self._lengths = near.run * times, near.dense_run * times
        self._tests = len(test)
        end = shingles.starts[rows]
        owners = np.repeat(np.arange(rows), np.diff(shingles.starts[: rows + 1]))
        keys = np.sort(owners * len(vocabulary) + self._ids[:end])
        firsts = keys[np.flatnonzero(np.diff(keys, prepend=-1))]
        counts = np.bincount(firsts % max(len(vocabulary), 1), minlength=len(vocabulary))
        self._is_template = counts > max(near.template_share * rows, _MIN_ROWS)
        self._counts = np.zeros(len(vocabulary), dtype=np.int64)

    def measure_test(self, number: int, texts: list[int]) -> TextCoverage:
        """Measure how much of a test text is in some of my texts together."""
        return self._measure(number, [self._tests + text for text in texts])

    def measure_mine(self, number: int, texts: list[int]) -> TextCoverage:
        """Measure how much of one of my texts is in some test texts together."""
        return self._measure(self._tests + number, texts)

    def _measure(self, number: int, others: list[int]) -> TextCoverage:
        ids = self._select(number)
        for other in others:
            np.add.at(self._counts, self._select(other), 1)
        present = _count_earlier(ids) < self._counts[ids]
        for other in others:
            self._counts[self._select(other)] = 0
        points = np.frombuffer(self._texts[number].encode("utf-32-le", "surrogatepass"), dtype="<u4")
        dense = mark_dense(points)
        run, dense_run = self._lengths
        sizes = np.where(dense, dense_run, run)
        weights = np.where(dense, 2.0, 1.0)
        weights[_cover_letters(self._is_template[ids], sizes)] = 0
        return TextCoverage(weights, _cover_letters(present, sizes))

    def _select(self, number: int) -> NDArray[np.int64]:
        return self._ids[self._starts[number] : self._starts[number + 1]]


def _cover_letters(chosen: NDArray[np.bool_], sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the letters that chosen shingles cover; shingle i begins at the letter `places[i]`."""
    length = len(sizes)
    fits = np.arange(length) + sizes <= length
    fits[:1] = True
    starts = np.flatnonzero(fits)[chosen]
    changes = np.zeros(length + 1, dtype=np.int64)
    np.add.at(changes, starts, 1)
    np.subtract.at(changes, np.minimum(starts + sizes[starts], length), 1)
    return np.cumsum(changes[:-1]) > 0


def _count_earlier(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count, for each shingle of a text, how often it occurred before."""
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    firsts = np.searchsorted(ordered, ordered)
    earlier = np.empty(len(ids), dtype=np.int64)
    earlier[order] = np.arange(len(ids)) - firsts
    return earlier


def find_text_parts(text: str) -> list[TextPart]:
    """Find the sentences and lines of a text, as parts of its skeleton."""
    found, start = [], 0
    for part in _SENTENCE_END.split(text):
        end = start + len(fold_text(part)) if any(map(str.isalnum, part)) else start
        if end > start:
            found.append(TextPart(start, end, _QUESTION_MARK.search(part) is not None))
        start = end
    return found
