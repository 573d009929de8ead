"""Anchors: shingles spread over each test row, the rarest of each part, which propose rows that contain it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.screen.shingle_sets import ShingleSets

_MIN_HITS = 4
"""Anchors that a row must have of a short test row."""
_PAIRS = 1 << 22
"""Pairs of anchor and row counted at a time, which bounds memory use."""


def find_containing(
    mine: ShingleSets, test: ShingleSets, vocabulary: int, near: NearDuplicateSettings
) -> list[list[int]]:
    """Find, for each of my rows, the test rows of which it has enough anchors, by number, in order.

    The rows are sequences or sets; how long mine are makes no difference.
    """
    rows, anchors = _choose_anchors(test, vocabulary, near.anchors)
    order = np.argsort(anchors, kind="stable")
    owners, starts = rows[order], np.searchsorted(anchors[order], np.arange(vocabulary + 1))
    chosen = np.bincount(rows, minlength=len(test))
    needed = np.maximum(np.ceil(near.anchor_share * chosen), np.minimum(chosen, _MIN_HITS))
    found: list[list[int]] = [[] for _ in range(len(mine))]
    times = np.diff(starts)[mine.ids]
    ends = np.concatenate(([0], np.cumsum(times)))[mine.starts]
    first = 0
    while first < len(mine):
        last = max(first + 1, int(np.searchsorted(ends, ends[first] + _PAIRS, side="right")) - 1)
        ids = mine.ids[mine.starts[first] : mine.starts[last]]
        own = np.repeat(np.arange(first, last), np.diff(mine.starts[first : last + 1]))
        for row, other in _count_pairs(ids, own, owners, starts, needed):
            found[row].append(other)
        first = last
    return found


def _choose_anchors(test: ShingleSets, vocabulary: int, most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose up to `most` shingles of each row, the one in the fewest rows of each part; return rows and shingles."""
    lengths = np.diff(test.starts)
    rows = np.repeat(np.arange(len(test)), lengths)
    places = np.arange(len(test.ids)) - np.repeat(test.starts[:-1], lengths)
    parts = rows * most + places * most // np.maximum(lengths, 1)[rows]
    times = np.bincount(test.ids, minlength=vocabulary)[test.ids]
    order = np.argsort(parts * (len(test) + 1) + np.minimum(times, len(test)), kind="stable")
    firsts = order[np.flatnonzero(np.diff(parts[order], prepend=-1))]
    keys = np.sort(rows[firsts] * vocabulary + test.ids[firsts])
    keys = keys[np.flatnonzero(np.diff(keys, prepend=-1))]
    return keys // vocabulary, keys % vocabulary


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
