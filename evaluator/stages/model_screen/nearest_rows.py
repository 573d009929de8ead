"""Nearest test rows of delivered rows by the cosine of their vectors, block by block in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluator.llm.embeddings.embedding_client import Vectors

VectorBlock = Callable[[int, int], Vectors]
"""Returns the unit vectors of rows `start` to `end`; a row of NaN is near to none."""
_ROWS, _OTHERS = 512, 4096
"""Rows of a block: their cosines take 8 MiB."""
_DECIMALS = 5
"""Cosines that differ less are equal, so that ties do not depend on how the blocks are cut."""


@dataclass(frozen=True)
class NearestRows:
    """Nearest other rows of each row, nearest first; the first of equally near ones comes first."""

    others: NDArray[np.int64]
    """Rows x neighbours, numbers of the other rows."""
    cosines: NDArray[np.float32]
    """Rows x neighbours; -inf where there is no such neighbour."""


def find_nearest(
    rows: int,
    others: int,
    row_vectors: VectorBlock,
    other_vectors: VectorBlock,
    wanted: int,
    groups: NDArray[np.int64] | None = None,
) -> NearestRows:
    """Find the nearest `wanted` of the other rows for each row.

    With `groups` the others are the rows themselves, and rows of one group are no neighbours.

    Memory holds two blocks of vectors, their cosines, and the result.
    """
    wanted = min(wanted, others)
    numbers = np.zeros((rows, wanted), np.int64)
    cosines = np.full((rows, wanted), -np.inf, np.float32)
    for first in range(0, others, _OTHERS):
        theirs = other_vectors(first, min(first + _OTHERS, others))
        for start in range(0, rows, _ROWS):
            end = min(start + _ROWS, rows)
            block = _compute_cosines(row_vectors(start, end), theirs)
            if groups is not None:
                block[groups[start:end, None] == groups[None, first : first + _OTHERS]] = -np.inf
            near, near_cosines = _take_largest(block, wanted)
            candidates = np.concatenate([cosines[start:end], near_cosines], axis=1)
            places = np.concatenate([numbers[start:end], near + first], axis=1)
            best = np.argsort(-candidates, axis=1, kind="stable")[:, :wanted]
            cosines[start:end] = np.take_along_axis(candidates, best, axis=1)
            numbers[start:end] = np.take_along_axis(places, best, axis=1)
    return NearestRows(numbers, cosines)


def _compute_cosines(mine: Vectors, theirs: Vectors) -> NDArray[np.float32]:
    if mine.shape[1] != theirs.shape[1]:  # no text of one side has a vector
        return np.full((len(mine), len(theirs)), -np.inf, np.float32)
    cosines = np.round(mine @ theirs.T, _DECIMALS)
    cosines[np.isnan(cosines)] = -np.inf
    return cosines


def _take_largest(block: NDArray[np.float32], wanted: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Take the largest cosines of each row out of the block, in order; return their places and themselves."""
    wanted = min(wanted, block.shape[1])
    places = np.empty((len(block), wanted), np.int64)
    largest = np.empty((len(block), wanted), np.float32)
    lines = np.arange(len(block))
    for rank in range(wanted):
        places[:, rank] = block.argmax(axis=1)
        largest[:, rank] = block[lines, places[:, rank]]
        block[lines, places[:, rank]] = -np.inf
    return places, largest
