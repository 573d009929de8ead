"""Finds rows that are a test row with small changes: words replaced, moved, added or cut off."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import regex
from numpy.typing import NDArray
from rapidfuzz import fuzz

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.screen.minhash import find_candidates
from evaluator.stages.screen.normalize import Normalizer
from evaluator.stages.screen.shingle_sets import ShingleSets, build_sequences, merge_distinct
from evaluator.stages.screen.shingles import cut_shingles

_OUTPUT = 1
"""Salt of shingles from outputs, so that an output never matches an input."""
_MIN_ROWS = 3
"""Number of test rows up to which their common shingles do not count as a template."""
_NOT_DIGIT = regex.compile(r"\P{N}+")
_MAJORITY_SHARE = 0.75
"""Share of a run that must be absent from the other input; the rest may recur there by chance."""
_SAME_WORDING = 70.0
"""Similarity by longest common subsequence, of 100, from which two answers count as equal."""


@dataclass(frozen=True)
class NearDuplicate:
    """Nearest test row of a row."""

    test_row: int
    similarity: float


@dataclass(frozen=True)
class _Side:
    """Shingles of one side's rows."""

    inputs: ShingleSets
    """Input shingles in the order of the text."""
    rows: ShingleSets
    """Shingles of inputs and outputs together, each once."""
    outputs: list[str]
    """Output skeletons; empty for a label."""


def find_near_duplicates(mine: Normalizer, test: Normalizer, near: NearDuplicateSettings) -> dict[int, NearDuplicate]:
    """Find near-duplicates of test rows, by row number, each with its test row (the first of the nearest).

    Compares whole rows, input and output, as sets of shingles. Shingles common to most test rows are left out, and so
    are those common to most of my rows but in no test row: instructions and templates. An output that several test
    rows share is a label and left out too. MinHash proposes pairs, and the sets themselves verify them.
    """
    if not mine.inputs or not test.inputs:
        return {}
    my_side, test_side, hashes = _cut_sides(mine, test, near)
    found = {}
    for row, others in enumerate(find_candidates(my_side.rows, test_side.rows, hashes, near)):
        if others and (nearest := _find_nearest(row, others, my_side, test_side, len(hashes), near)):
            found[row] = nearest
    return found


def _cut_sides(
    mine: Normalizer, test: Normalizer, near: NearDuplicateSettings
) -> tuple[_Side, _Side, NDArray[np.uint32]]:
    labels = _find_labels(test)
    outputs = [["" if output in labels else output for output in side.outputs] for side in (mine, test)]
    texts = [*((side.inputs, 0) for side in (mine, test)), *((one, _OUTPUT) for one in outputs)]
    parts = [
        cut_shingles([text[: near.longest] for text in one], near.letters, near.characters, salt) for one, salt in texts
    ]
    numbers, vocabulary = pd.factorize(np.concatenate([part.hashes for part in parts]))
    ends = np.cumsum([len(part.hashes) for part in parts])[:-1]
    my_in, test_in, my_out, test_out = map(build_sequences, parts, np.split(numbers.astype(np.int64), ends))
    my_rows, test_rows = (merge_distinct(pair, len(vocabulary)) for pair in ([my_in, my_out], [test_in, test_out]))
    telling = _find_distinctive(my_rows, test_rows, len(vocabulary), near.template_share)
    hashes = (np.asarray(vocabulary, dtype=np.uint64) >> np.uint64(32)).astype(np.uint32)
    return (
        _Side(my_in.filter_shingles(telling), my_rows.filter_shingles(telling), outputs[0]),
        _Side(test_in.filter_shingles(telling), test_rows.filter_shingles(telling), outputs[1]),
        hashes,
    )


def _find_labels(test: Normalizer) -> set[str]:
    """Find outputs that rows with different inputs share."""
    by_input = dict(zip(test.inputs, test.outputs, strict=True))
    return {output for output, times in Counter(by_input.values()).items() if times > 1}


def _find_distinctive(mine: ShingleSets, test: ShingleSets, vocabulary: int, share: float) -> NDArray[np.bool_]:
    """Mark the shingles that distinguish rows from each other."""
    in_mine, in_test = mine.count_rows(vocabulary), test.count_rows(vocabulary)
    instruction = in_test > max(share * len(test), _MIN_ROWS)
    wrapping = (in_mine > max(share * len(mine), _MIN_ROWS)) & (in_test == 0)
    telling: NDArray[np.bool_] = ~(instruction | wrapping)
    return telling


def _find_nearest(
    row: int, others: list[int], mine: _Side, test: _Side, vocabulary: int, near: NearDuplicateSettings
) -> NearDuplicate | None:
    mark = np.zeros(vocabulary, dtype=np.bool_)
    mark[mine.rows[row]] = True
    similarities = [_row_similarity(mark, len(mine.rows[row]), test.rows[other], near) for other in others]
    for similarity, other in sorted(zip(similarities, others, strict=True), key=lambda pair: (-pair[0], pair[1])):
        if not similarity:
            return None
        if not _is_other_question(mine, row, test, other, vocabulary, near):
            return NearDuplicate(other, round(similarity, 4))
    return None


def _row_similarity(mark: NDArray[np.bool_], size: int, other: NDArray[np.int64], near: NearDuplicateSettings) -> float:
    """Jaccard index, or the containment of the smaller in the larger; 0 if neither is enough."""
    shared = int(np.count_nonzero(mark[other]))
    smaller, larger = sorted((size, len(other)))
    if shared < near.fewest:
        return 0.0
    jaccard, contained = shared / (smaller + larger - shared), shared / smaller
    if contained >= near.containment and larger <= near.times * smaller:
        return max(jaccard, contained)
    return jaccard if jaccard >= near.similarity else 0.0


def _is_other_question(
    mine: _Side, row: int, test: _Side, other: int, vocabulary: int, near: NearDuplicateSettings
) -> bool:
    """Return whether the two are different questions about one passage.

    They are if both have short answers and these disagree; the words of a question come from its passage, so the
    inputs alone do not decide. Rows with equal outputs are not. Labels carry no information; then each input must
    have a run of shingles absent from the other, longer than a light edit leaves.
    """
    answer, truth = mine.outputs[row], test.outputs[other]
    if answer and truth and max(len(answer), len(truth)) <= near.answer:
        return _answers_differ(answer, truth)
    if answer and answer == truth:
        return False
    one, two = mine.inputs[row], test.inputs[other]
    return _has_own_stretch(one, two, vocabulary, near.stretch) and _has_own_stretch(two, one, vocabulary, near.stretch)


def _answers_differ(answer: str, truth: str) -> bool:
    """Return whether two short answers differ in a number, or by more than their wording."""
    if _NOT_DIGIT.sub("", answer) != _NOT_DIGIT.sub("", truth):
        return True
    return answer not in truth and truth not in answer and fuzz.ratio(answer, truth) < _SAME_WORDING


def _has_own_stretch(one: NDArray[np.int64], other: NDArray[np.int64], vocabulary: int, stretch: int) -> bool:
    if len(one) < stretch:
        return False
    mark = np.zeros(vocabulary, dtype=np.bool_)
    mark[other] = True
    absent = np.concatenate(([0], np.cumsum(~mark[one])))
    return bool((absent[stretch:] - absent[:-stretch]).max() >= _MAJORITY_SHARE * stretch)
