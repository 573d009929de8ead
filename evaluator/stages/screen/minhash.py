"""MinHash index: proposes pairs of rows to compare; near_duplicates.py decides."""

from __future__ import annotations

import numpy as np
from datasketch import LeanMinHash, MinHash, MinHashLSH  # type: ignore[import-untyped]
from numpy.typing import NDArray

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.screen.shingle_sets import ShingleSets

_SCHEME = "affine32"


def find_candidates(
    mine: ShingleSets, test: ShingleSets, hashes: NDArray[np.uint32], near: NearDuplicateSettings
) -> list[list[int]]:
    """Find, for each of my shingle sets, the test sets that share a bucket with it, by number, in order.

    `hashes` has one well-mixed 32-bit hash for every shingle of the vocabulary.
    """
    size = near.bands * near.band_rows
    index = MinHashLSH(num_perm=size, params=(near.bands, near.band_rows))
    for number, minhash in _build_minhashes(test, hashes, near):
        index.insert(number, minhash, check_duplication=False)
    found: list[list[int]] = [[] for _ in range(len(mine))]
    for number, minhash in _build_minhashes(mine, hashes, near):
        found[number] = sorted(index.query(minhash))
    return found


def _build_minhashes(
    bags: ShingleSets, hashes: NDArray[np.uint32], near: NearDuplicateSettings
) -> list[tuple[int, LeanMinHash]]:
    full = [number for number in range(len(bags)) if len(bags[number])]
    signatures = _compute_signatures(bags, hashes, near)
    return [
        (number, LeanMinHash(seed=near.seed, hashvalues=signature, scheme=_SCHEME))
        for number, signature in zip(full, signatures, strict=True)
    ]


def _compute_signatures(
    bags: ShingleSets, hashes: NDArray[np.uint32], near: NearDuplicateSettings
) -> NDArray[np.uint32]:
    """Compute one row for each set that is not empty: the least value under each permutation.

    The permutations are datasketch's own, applied to all sets at once; its bulk interface goes set by set.
    """
    size = near.bands * near.band_rows
    multipliers, addends = MinHash(num_perm=size, seed=near.seed, scheme=_SCHEME).permutations
    starts = bags.starts[:-1][np.diff(bags.starts) > 0]
    values = hashes[bags.ids]
    signatures = np.empty((len(starts), size), dtype=np.uint32)
    for number in range(size if len(starts) else 0):
        signatures[:, number] = np.minimum.reduceat(values * multipliers[number] + addends[number], starts)
    return signatures
