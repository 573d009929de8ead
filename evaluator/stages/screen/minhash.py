"""MinHash index: proposes pairs of rows to compare; near_duplicates.py decides."""

from __future__ import annotations

import numpy as np
import pandas as pd
from datasketch import MinHash  # type: ignore[import-untyped]
from numpy.typing import NDArray

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.screen.shingle_sets import ShingleSets, find_sharing
from evaluator.stages.screen.shingles import mix_hashes

_SCHEME = "affine32"


def find_candidates(
    mine: ShingleSets, test: ShingleSets, hashes: NDArray[np.uint32], near: NearDuplicateSettings
) -> list[list[int]]:
    """Find, for each of my shingle sets, the test sets that share a bucket with it, by number, in order.

    `hashes` has one well-mixed 32-bit hash for every shingle of the vocabulary.
    """
    sides = [_compute_buckets(_compute_signatures(side, hashes, near), near) for side in (mine, test)]
    numbers, vocabulary = pd.factorize(np.concatenate([side.ravel() for side in sides]))
    buckets = numbers.astype(np.int64)
    full = [np.diff(side.starts) > 0 for side in (mine, test)]
    starts = np.concatenate(([0], np.cumsum(full[0]) * near.bands))
    owners = np.repeat(np.flatnonzero(full[1]), near.bands)
    my_buckets, test_buckets = buckets[: sides[0].size], buckets[sides[0].size :]
    needed = np.ones(len(test))
    return find_sharing(ShingleSets(my_buckets, starts), owners, test_buckets, len(vocabulary), needed)


def _compute_buckets(signatures: NDArray[np.uint32], near: NearDuplicateSettings) -> NDArray[np.uint64]:
    """Compute a 64-bit hash of each band of each signature and the band's number."""
    parts = signatures.reshape(len(signatures), near.bands, near.band_rows).astype(np.uint64)
    found = np.broadcast_to(np.arange(near.bands, dtype=np.uint64), parts.shape[:2])
    for place in range(near.band_rows):
        found = mix_hashes(found + parts[:, :, place])
    return found


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
