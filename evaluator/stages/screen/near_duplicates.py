"""Finds rows that are a test row with small changes, or contain one: words replaced, moved, added or cut off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.screen.containing_rows import find_containing
from evaluator.stages.screen.minhash import find_candidates
from evaluator.stages.screen.normalize import Normalizer
from evaluator.stages.screen.pair_check import PairCheck
from evaluator.stages.screen.shingle_sets import ShingleSets, build_sequences, merge_distinct
from evaluator.stages.screen.shingles import cut_shingles

_MIN_ROWS = 3
"""Number of test rows up to which their common shingles do not count as a template."""


@dataclass(frozen=True)
class NearDuplicate:
    """Nearest test row of a row."""

    test_row: int
    similarity: float


def find_near_duplicates(mine: Normalizer, test: Normalizer, near: NearDuplicateSettings) -> dict[int, NearDuplicate]:
    """Find near-duplicates of test rows, by row number, each with its test row (the first of the nearest).

    Shingles common to most test rows are left out, and so are those common to most of my rows but in no test row:
    instructions and templates. Labels are left out too. MinHash proposes similar rows, anchors propose rows that
    contain a test row; the texts themselves decide.
    """
    if not mine.inputs or not test.inputs:
        return {}
    labels = find_labels(test.outputs)
    my_rows, test_rows, hashes = _cut_rows(mine, test, labels, near)
    containing = find_containing(my_rows, test_rows, len(hashes), near)
    proposed: dict[int, dict[int, float]] = {}
    for row, similar in enumerate(find_candidates(my_rows, test_rows, hashes, near)):
        others = sorted({*similar, *containing[row]})
        similarities = _row_similarities(my_rows[row], test_rows, others, len(hashes), near) if others else []
        worth = {other: one for other, one in zip(others, similarities, strict=True) if one or other in containing[row]}
        if worth:
            proposed[row] = worth
    check = PairCheck(mine.select_rows([*proposed]), test, labels, near)
    found = {}
    for place, (row, worth) in enumerate(proposed.items()):
        if nearest := _find_nearest(check, place, worth):
            found[row] = nearest
    return found


def find_labels(outputs: Sequence[str]) -> frozenset[str]:
    """Find outputs that are labels, and so say nothing of the row they belong to.

    All are where most rows share theirs with two others or more; elsewhere those of a twentieth of the rows, such as
    "yes". An answer that two rows of many have in common is an answer.
    """
    times = Counter(outputs)
    shared = sum(count for count in times.values() if count > 2)
    if 2 * shared >= len(outputs):
        return frozenset(times)
    return frozenset(output for output, count in times.items() if count > max(4, len(outputs) / 20))


def _cut_rows(
    mine: Normalizer, test: Normalizer, labels: frozenset[str], near: NearDuplicateSettings
) -> tuple[ShingleSets, ShingleSets, NDArray[np.uint32]]:
    outputs = [["" if output in labels else output for output in side.outputs] for side in (mine, test)]
    texts = [mine.inputs, test.inputs, *outputs]
    parts = [cut_shingles([text[: near.longest] for text in one], near.letters, near.characters) for one in texts]
    numbers, vocabulary = pd.factorize(np.concatenate([part.hashes for part in parts]))
    ends = np.cumsum([len(part.hashes) for part in parts])[:-1]
    my_in, test_in, my_out, test_out = map(build_sequences, parts, np.split(numbers.astype(np.int64), ends))
    my_rows, test_rows = (merge_distinct(pair, len(vocabulary)) for pair in ([my_in, my_out], [test_in, test_out]))
    telling = _find_distinctive(my_rows, test_rows, len(vocabulary), near.template_share)
    hashes = (np.asarray(vocabulary, dtype=np.uint64) >> np.uint64(32)).astype(np.uint32)
    return my_rows.filter_shingles(telling), test_rows.filter_shingles(telling), hashes


def _find_distinctive(mine: ShingleSets, test: ShingleSets, vocabulary: int, share: float) -> NDArray[np.bool_]:
    """Mark the shingles that distinguish rows from each other."""
    in_mine, in_test = mine.count_rows(vocabulary), test.count_rows(vocabulary)
    instruction = in_test > max(share * len(test), _MIN_ROWS)
    wrapping = (in_mine > max(share * len(mine), _MIN_ROWS)) & (in_test == 0)
    telling: NDArray[np.bool_] = ~(instruction | wrapping)
    return telling


def _row_similarities(
    row: NDArray[np.int64], test: ShingleSets, others: list[int], vocabulary: int, near: NearDuplicateSettings
) -> list[float]:
    mark = np.zeros(vocabulary, dtype=np.bool_)
    mark[row] = True
    return [_set_similarity(mark, len(row), test[other], near) for other in others]


def _set_similarity(mark: NDArray[np.bool_], size: int, other: NDArray[np.int64], near: NearDuplicateSettings) -> float:
    """Jaccard index, or the containment of the smaller in the larger; 0 if neither is enough."""
    shared = int(np.count_nonzero(mark[other]))
    smaller, larger = sorted((size, len(other)))
    if shared < near.fewest:
        return 0.0
    jaccard, contained = shared / (smaller + larger - shared), shared / smaller
    if contained >= near.containment and larger <= near.times * smaller:
        return max(jaccard, contained)
    return jaccard if jaccard >= near.similarity else 0.0


def _find_nearest(check: PairCheck, place: int, similarities: Mapping[int, float]) -> NearDuplicate | None:
    found = {other: check.measure_copy(place, other, one) for other, one in similarities.items()}
    best = max(found, key=found.__getitem__)
    return NearDuplicate(best, round(found[best], 4)) if found[best] else None
