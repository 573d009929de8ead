"""Cuts texts into shingles: short sequences of letters and digits, as 64-bit hashes, many texts at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DENSE = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0x20000, 0x323AF))
"""First and last code points of kana, Han and Hangul (Unicode 16): one character is a syllable or a word."""
Counts = NDArray[np.int64]
_BATCH = 1 << 20
_BASE = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""Multipliers of splitmix64, whose output step spreads the hashes over 64 bits."""


@dataclass(frozen=True)
class Shingles:
    """Shingles of several texts, concatenated, in text order."""

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    """Offsets, one more than texts: text i has hashes[starts[i]:starts[i + 1]]."""


def cut_shingles(skeletons: Sequence[str], letters: int, characters: int, salt: int = 0) -> Shingles:
    """Cut each skeleton (letters-and-digits@1) into shingles. A shorter skeleton is a single shingle.

    A shingle is `letters` long, or `characters` where it begins with a Chinese, Japanese or Korean character, so
    that each text is cut by its own script and a mixed one by both. Texts cut with another `salt` share none.
    """
    batches = [_hash_batch(batch, letters, characters, salt) for batch in _iter_batches(skeletons)]
    counts = np.concatenate([np.zeros(1, np.int64), *(counts for _, counts in batches)])
    return Shingles(np.concatenate([np.zeros(0, np.uint64), *(hashes for hashes, _ in batches)]), np.cumsum(counts))


def _iter_batches(skeletons: Sequence[str]) -> Iterator[list[str]]:
    """Batch texts to about a million characters, which bounds memory use."""
    batch: list[str] = []
    size = 0
    for text in skeletons:
        batch.append(text)
        size += len(text)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _hash_batch(skeletons: list[str], letters: int, characters: int, salt: int) -> tuple[NDArray[np.uint64], Counts]:
    """Hash a batch; return the hashes and their number per text."""
    span = max(letters, characters)
    lengths = np.array([len(text) for text in skeletons], dtype=np.int64)
    padded = "".join(text + "\0" * span for text in skeletons).encode("utf-32-le", "surrogatepass")
    points = np.frombuffer(padded, dtype="<u4")
    first = np.concatenate(([0], np.cumsum(lengths + span)))[:-1]
    place = np.arange(len(points)) - np.repeat(first, lengths + span)
    left = np.repeat(lengths, lengths + span) - place
    dense = mark_dense(points)
    fits = (left >= np.where(dense, characters, letters)) | ((place == 0) & (left > 0))
    where = np.flatnonzero(fits)
    sizes = np.where(dense[where], characters, letters)
    return mix_hashes(_polynomial_sums(points, where, sizes, span), salt), np.add.reduceat(fits.astype(np.int64), first)


def mark_dense(points: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Mark the code points of Chinese, Japanese and Korean characters."""
    found = np.zeros(len(points), dtype=np.bool_)
    for low, high in _DENSE:
        found |= (points >= low) & (points <= high)
    return found


def _polynomial_sums(
    points: NDArray[np.uint32], where: NDArray[np.int64], sizes: NDArray[np.int64], span: int
) -> NDArray[np.uint64]:
    """Compute polynomials over the code points modulo 2^64, of individual lengths."""
    sums = np.zeros(len(where), dtype=np.uint64)
    for step in range(span):
        reached = step < sizes
        point = points[np.where(reached, where + step, where)].astype(np.uint64)
        sums = np.where(reached, sums * _BASE + point, sums)
    return sums


def mix_hashes(sums: NDArray[np.uint64], salt: int = 0) -> NDArray[np.uint64]:
    """Apply the output step of splitmix64 (Steele, Lea and Flood, 2014), a bijection."""
    mixed = sums + np.uint64(salt) * _BASE
    for shift, multiplier in zip((30, 27), _MULTIPLIERS, strict=True):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * multiplier
    return mixed ^ (mixed >> np.uint64(31))
