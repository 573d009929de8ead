"""Finds rows whose input is a test row's, letter for letter or in another form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

from evaluator.stages.screen.look_alikes import has_disguise
from evaluator.stages.screen.normalize import Normalizer, fold_text
from evaluator.stages.screen.other_exercise import have_equal_signs, strip_signs
from evaluator.stages.screen.screen_records import DuplicateRow, How

Key = tuple[str, str]
K = TypeVar("K", bound=Hashable)


def find_equal_inputs(mine: Normalizer, test: Normalizer) -> dict[int, DuplicateRow]:
    """Find rows with an input equal to a test row's: exactly, else normalised, by row number.

    An input that test rows with different outputs share is an instruction, such as "Write a haiku.": then the outputs
    must be equal as well, normalised.
    """
    shared = _find_shared_inputs(test)
    exact = _index_keys(_compare_by([row.input for row in test.rows], test, shared))
    bare = _index_keys(_compare_by([strip_signs(text) for text in test.inputs], test, shared))
    folded: dict[str, list[int]] = {}
    found = {}
    own_exact = _compare_by([row.input for row in mine.rows], mine, shared)
    own_bare = _compare_by([strip_signs(text) for text in mine.inputs], mine, shared)
    for row, (as_is, normalised) in enumerate(zip(own_exact, own_bare, strict=True)):
        if as_is in exact:
            found[row] = _make_duplicate(row, exact[as_is][0], "exact")
            continue
        others = bare.get(normalised, [])
        if not others and has_disguise(mine.rows[row].input):
            folded = folded or _index_keys(map(fold_text, (one.input for one in test.rows)))
            others = folded.get(fold_text(mine.rows[row].input), [])
        for other in others:
            is_same_answer = mine.outputs[row] == test.outputs[other]
            if normalised not in bare or have_equal_signs(mine.inputs[row], test.inputs[other], is_same_answer):
                found[row] = _make_duplicate(row, other, "normalised")
                break
    return found


def _find_shared_inputs(cut: Normalizer) -> set[str]:
    """Find inputs of rows with different outputs."""
    outputs: dict[str, set[str]] = defaultdict(set)
    for text, output in zip(cut.inputs, cut.outputs, strict=True):
        outputs[text].add(output)
    return {text for text, found in outputs.items() if len(found) > 1}


def _compare_by(inputs: Sequence[str], cut: Normalizer, shared: set[str]) -> list[Key]:
    """Build keys that are equal in a copy: the input, and for a shared one the output's skeleton too."""
    by_row = zip(inputs, cut.inputs, cut.outputs, strict=True)
    return [(text, output if bare in shared else "") for text, bare, output in by_row]


def _index_keys(keys: Iterable[K]) -> dict[K, list[int]]:
    places: dict[K, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    return dict(places)


def _make_duplicate(row: int, other: int, how: How) -> DuplicateRow:
    return DuplicateRow(row=row, test_row=other, how=how, similarity=1.0)
