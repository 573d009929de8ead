"""Shingle sets: the distinct shingles of each row, as numbers of one vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluator.stages.screen.shingles import Shingles


@dataclass(frozen=True)
class ShingleSets:
    """Shingle numbers of all rows, concatenated."""

    ids: NDArray[np.int64]
    starts: NDArray[np.int64]
    """Offsets, one more than rows: row i has ids[starts[i]:starts[i + 1]]."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> NDArray[np.int64]:
        return self.ids[self.starts[row] : self.starts[row + 1]]

    def filter_shingles(self, kept: NDArray[np.bool_]) -> ShingleSets:
        """Return the same rows with only the shingles marked in the mask."""
        chosen = kept[self.ids]
        before = np.concatenate(([0], np.cumsum(chosen)))
        return ShingleSets(self.ids[chosen], before[self.starts])

    def count_rows(self, vocabulary: int) -> NDArray[np.int64]:
        """Count the rows that have each shingle; a row must contain a shingle at most once."""
        return np.bincount(self.ids, minlength=vocabulary)


def build_sequences(shingles: Shingles, numbers: NDArray[np.int64]) -> ShingleSets:
    """Build sequences of shingles in the order of the text, with its repetitions."""
    return ShingleSets(numbers, shingles.starts)


def merge_distinct(parts: list[ShingleSets], vocabulary: int) -> ShingleSets:
    """Merge each row's shingles of all parts, each once, in the order of the vocabulary."""
    rows = len(parts[0])
    keys = [np.repeat(np.arange(rows), np.diff(part.starts)) * vocabulary + part.ids for part in parts]
    ordered = np.sort(np.concatenate(keys))
    unique = ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(ordered)]]
    starts = np.searchsorted(unique, np.arange(rows + 1) * vocabulary)
    return ShingleSets(unique % max(vocabulary, 1), starts)
