"""Shingle sets: the distinct shingles of each row, as numbers of one vocabulary, and the rows that share some."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluator.stages.screen.shingles import Shingles

_PAIRS = 1 << 22
"""Pairs of shingle and owner counted at a time, which bounds memory use."""


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


def find_sharing(
    mine: ShingleSets,
    owners: NDArray[np.int64],
    shingles: NDArray[np.int64],
    vocabulary: int,
    needed: NDArray[np.float64],
) -> list[list[int]]:
    """Find, for each of my rows, the owners of whose shingles it has enough, by number, in order.

    `owners` and `shingles` are pairs, in any order; `needed` is the least number of shingles by owner.
    """
    order = np.argsort(shingles, kind="stable")
    sorted_owners, starts = owners[order], np.searchsorted(shingles[order], np.arange(vocabulary + 1))
    found: list[list[int]] = [[] for _ in range(len(mine))]
    times = np.diff(starts)[mine.ids]
    ends = np.concatenate(([0], np.cumsum(times)))[mine.starts]
    first = 0
    while first < len(mine):
        last = max(first + 1, int(np.searchsorted(ends, ends[first] + _PAIRS, side="right")) - 1)
        ids = mine.ids[mine.starts[first] : mine.starts[last]]
        own = np.repeat(np.arange(first, last), np.diff(mine.starts[first : last + 1]))
        for row, other in _count_pairs(ids, own, sorted_owners, starts, needed):
            found[row].append(other)
        first = last
    return found


def _count_pairs(
    ids: NDArray[np.int64],
    own: NDArray[np.int64],
    owners: NDArray[np.int64],
    starts: NDArray[np.int64],
    needed: NDArray[np.float64],
) -> list[tuple[int, int]]:
    times = starts[ids + 1] - starts[ids]
    offsets = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    others = owners[np.repeat(starts[ids], times) + offsets]
    pairs = np.sort(np.repeat(own, times) * len(needed) + others)
    starts_of_pairs = np.flatnonzero(np.diff(pairs, prepend=-1))
    keys, hits = pairs[starts_of_pairs], np.diff(starts_of_pairs, append=len(pairs))
    enough = keys[hits >= needed[keys % len(needed)]]
    return [divmod(key, len(needed)) for key in enough.tolist()]
