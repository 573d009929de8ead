"""Anchors: shingles spread over each test row, the rarest of each part, which propose rows that contain it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.screen.shingle_sets import ShingleSets, find_sharing

_MIN_HITS = 4
"""Anchors that a row must have of a short test row."""


def find_containing(
    mine: ShingleSets, test: ShingleSets, vocabulary: int, near: NearDuplicateSettings
) -> list[list[int]]:
    """Find, for each of my rows, the test rows of which it has enough anchors, by number, in order.

    The rows are sequences or sets; how long mine are makes no difference.
    """
    rows, anchors = _choose_anchors(test, vocabulary, near.anchors)
    chosen = np.bincount(rows, minlength=len(test))
    needed = np.maximum(np.ceil(near.anchor_share * chosen), np.minimum(chosen, _MIN_HITS))
    return find_sharing(mine, rows, anchors, vocabulary, needed)


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
