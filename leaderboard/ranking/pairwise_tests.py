"""Rank sets of thousands of systems: equal to `rank_sets.py`, without every flip of every pair.

A pair needs no more flips once it has so many hits that its p-value is above the level: no number of other pairs can
make it significant. Nor does it need any if the observed difference is larger than any flipped one can be. A pair's
result does not depend on the others, so a new system is tested only against the existing ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboard.ranking.rank_sets import LEVEL, NOISE, Floats, RankSet, flip_signs

Hits = NDArray[np.uint8]
_STEPS = {0: 128, 128: 128, 256: 256}
"""Flips per step by its start; most pairs are decided after few flips."""
_MAX_LENGTH = 512
_BLOCK = 256
_GROUP = 250
"""New systems whose pairs are in memory at once."""
_CELLS = 1_000_000
"""Numbers processed per step."""


@dataclass(frozen=True, eq=False)
class PairwiseTests:
    """Results of testing systems in all pairs."""

    values: Floats
    """Shape (systems, tasks)."""
    hits: Hits
    """Flips of each pair that reach the observed difference, counted up to a non-significant number."""


def run_pairwise_tests(values: Floats, before: PairwiseTests | None = None) -> PairwiseTests:
    """Test all pairs of systems; pairs in `before` with identical values are not tested again."""
    size = len(values)
    hits = np.zeros((size, size), dtype=np.uint8)
    known = _positions_before(values, before)
    old = np.flatnonzero(known >= 0)
    if before is not None:
        for some in _split_blocks(old):
            hits[np.ix_(some, old)] = before.hits[np.ix_(known[some], known[old])]
    _count_hits(values, np.flatnonzero(known < 0), hits)
    return PairwiseTests(values, hits)


def _positions_before(values: Floats, before: PairwiseTests | None) -> NDArray[np.intp]:
    """Position of each system in `before`; -1 for a new one."""
    if before is None or before.values.shape[1] != values.shape[1]:
        return np.full(len(values), -1, dtype=np.intp)
    places = {row.tobytes(): at for at, row in enumerate(before.values)}
    return np.array([places.get(row.tobytes(), -1) for row in values], dtype=np.intp)


def _count_hits(values: Floats, new: NDArray[np.intp], hits: Hits) -> None:
    """Count the hits of every pair with a new system."""
    tasks = values.shape[1]
    signs, exact = flip_signs(tasks)
    cap = cap_of(signs.shape[1], exact)
    # What all systems share at a flip is no part of their differences, and would only hide how small these can be.
    centred = values - values.mean(axis=0)
    sums = centred.sum(axis=1)
    widest = _max_flip(centred, signs)
    fresh = np.zeros(len(values), dtype=np.bool_)
    fresh[new] = True
    for start in range(0, len(new), _GROUP):
        pairs = {}
        for one in new[start : start + _GROUP]:
            observed = np.abs(sums - sums[one]) - NOISE * tasks
            # Two new systems are one pair.
            is_open = (observed <= widest + widest[one]) & ~(fresh & (np.arange(len(values)) <= one))
            pairs[int(one)] = np.flatnonzero(is_open).astype(np.int32)
        _count_open(centred, signs, pairs, hits, cap)
    hits[np.ix_(~fresh, new)] = hits[np.ix_(new, ~fresh)].T
    for some in _split_blocks(new):
        found = np.maximum(hits[np.ix_(some, new)], hits[np.ix_(new, some)].T)
        hits[np.ix_(some, new)] = found
        hits[np.ix_(new, some)] = found.T


def _split_blocks(systems: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Split systems into blocks: all pairs of ten thousand take a hundred megabytes, and a copy as many again."""
    return (systems[start : start + _BLOCK] for start in range(0, len(systems), _BLOCK))


def _count_open(centred: Floats, signs: Floats, pairs: dict[int, NDArray[np.int32]], hits: Hits, cap: int) -> None:
    """Count the hits of open pairs, each system's with its listed others, flip by flip until all are closed."""
    sums, noise, start = centred.sum(axis=1), NOISE * centred.shape[1], 0
    while start < signs.shape[1] and pairs:
        end = min(start + _STEPS.get(start, _MAX_LENGTH), signs.shape[1])
        flipped = centred @ signs[:, start:end]
        counted = {one: _count_step(flipped, sums, one, others, hits, cap, noise) for one, others in pairs.items()}
        pairs = {one: others for one, others in counted.items() if len(others)}
        start = end


def _count_step(
    flipped: Floats, sums: Floats, one: int, others: NDArray[np.int32], hits: Hits, cap: int, noise: float
) -> NDArray[np.int32]:
    """Add a step's hits to one system's open pairs; return those that stay open."""
    step = max(1, _CELLS // flipped.shape[1])
    for start in range(0, len(others), step):
        some = others[start : start + step]
        wanted = np.abs(sums[some] - sums[one]) - noise
        differences = flipped[some]
        differences -= flipped[one]
        np.abs(differences, out=differences)
        found = hits[one, some] + np.count_nonzero(differences >= wanted[:, None], axis=1)
        hits[one, some] = np.minimum(found, cap).astype(np.uint8)
    still: NDArray[np.int32] = others[hits[one, others] < cap]
    return still


def _max_flip(centred: Floats, signs: Floats) -> Floats:
    """Largest distance from zero of each system's sum under any flip."""
    widest = np.zeros(len(centred))
    for start in range(0, signs.shape[1], _MAX_LENGTH):
        widest = np.maximum(widest, np.abs(centred @ signs[:, start : start + _MAX_LENGTH]).max(axis=1))
    return widest


def cap_of(flips: int, exact: bool, level: float = LEVEL) -> int:
    """Return the fewest hits that put a pair above the level."""
    # A byte holds it: 250 of 9,999 flips at the level of 2.5%.
    return next(hits for hits in range(256) if _p_value(hits, flips, exact) > level)


def rank_sets_from_tests(found: PairwiseTests, level: float = LEVEL) -> list[RankSet]:
    """Compute the rank set of every system, equal to that of `rank_sets`."""
    size, tasks = found.values.shape
    signs, exact = flip_signs(tasks)
    most = _most_hits(found.hits, signs.shape[1], exact, level)
    means = found.values.mean(axis=1)
    order = np.argsort(-means, kind="stable")
    reach, better, worse = (np.empty(size, dtype=np.intp) for _ in range(3))
    for place, one in enumerate(order):
        parted = (found.hits[one] <= most) & (means != means[one])
        parted[one] = False
        better[one] = np.count_nonzero(parted & (means > means[one]))
        worse[one] = np.count_nonzero(parted & (means < means[one]))
        reach[place] = np.flatnonzero(~parted[order])[-1]
    reach = np.maximum.accumulate(reach)
    ends = np.flatnonzero(reach == np.arange(size))
    starts = np.concatenate([[0], ends + 1])
    group = np.empty(size, dtype=np.intp)
    group[order] = np.searchsorted(ends, np.arange(size))
    return [
        RankSet(int(starts[at]) + 1, int(ends[at]) + 1, int(at) + 1, int(above), int(below))
        for at, above, below in zip(group, better, worse, strict=True)
    ]


def _most_hits(hits: Hits, flips: int, exact: bool, level: float) -> int:
    """Most hits of a significant pair by Benjamini and Hochberg's procedure over all pairs; -1 if none is."""
    size = len(hits)
    pairs = size * (size - 1) // 2
    counted = np.zeros(cap_of(flips, exact, level) + 1, dtype=np.int64)
    for one in range(size - 1):
        counted += np.bincount(hits[one, one + 1 :], minlength=len(counted))
    below = np.cumsum(counted)
    sound = [at for at in range(len(counted)) if below[at] and _p_value(at, flips, exact) * pairs / below[at] <= level]
    return max(sound, default=-1)


def _p_value(hits: int, flips: int, exact: bool) -> float:
    return hits / flips if exact else (hits + 1) / (flips + 1)
