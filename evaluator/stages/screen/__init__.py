"""Screen: removes rows that copy a reference test row, before anything is measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.screen.data_statistics import Statistics, compute_statistics
from evaluator.stages.screen.near_duplicates import find_near_duplicates
from evaluator.stages.screen.normalize import Normalizer, normalize_text
from evaluator.stages.screen.provenance import is_same_dataset, tasks_from_reference
from evaluator.stages.screen.screen_records import DuplicateRow, ScreenResult
from submissions.records.task import Row

__all__ = [
    "DuplicateRow",
    "NearDuplicateSettings",
    "ScreenResult",
    "Statistics",
    "is_same_dataset",
    "normalize_text",
    "screen_rows",
    "tasks_from_reference",
]


def screen_rows(
    rows: Sequence[Row], test: Sequence[Row], near: NearDuplicateSettings | None = None, language: str = "en"
) -> ScreenResult:
    """Compare every row with every test row: inputs exactly and normalised, then whole rows for near-duplicates.

    An input that test rows share though their outputs differ is an instruction, such as "Write a haiku.": a row that
    has it is a copy only if its output, normalised, is one of theirs too.

    `language` is the task's, a BCP 47 tag; it only determines the scripts that the statistics expect. The finding on
    a row does not depend on the order of the others, except that the first of equally similar test rows is named.
    """
    mine, theirs = Normalizer.from_rows(rows), Normalizer.from_rows(test)
    shared = _find_shared_inputs(theirs)
    own, hidden = ([row.input for row in side] for side in (rows, test))
    copies = _find_equal(_comparison_keys(own, mine, shared), _comparison_keys(hidden, theirs, shared), "exact")
    copies = (
        _find_equal(
            _comparison_keys(mine.inputs, mine, shared), _comparison_keys(theirs.inputs, theirs, shared), "normalised"
        )
        | copies
    )
    rest = [number for number in range(len(rows)) if number not in copies]
    for place, one in find_near_duplicates(mine.select_rows(rest), theirs, near or NearDuplicateSettings()).items():
        copies[rest[place]] = DuplicateRow(
            row=rest[place], test_row=one.test_row, how="near", similarity=one.similarity
        )
    return ScreenResult(
        kept=tuple(number for number in range(len(rows)) if number not in copies),
        copies=tuple(copies[number] for number in sorted(copies)),
        statistics=compute_statistics(rows, mine, language),
    )


def _find_shared_inputs(cut: Normalizer) -> set[str]:
    """Find inputs of rows with different outputs."""
    outputs: dict[str, set[str]] = defaultdict(set)
    for text, output in zip(cut.inputs, cut.outputs, strict=True):
        outputs[text].add(output)
    return {text for text, found in outputs.items() if len(found) > 1}


def _comparison_keys(inputs: Sequence[str], cut: Normalizer, shared: set[str]) -> list[tuple[str, str]]:
    """Keys that are equal in a copy: the input, and for a shared one the output's skeleton too."""
    by_row = zip(inputs, cut.inputs, cut.outputs, strict=True)
    return [(text, output if bare in shared else "") for text, bare, output in by_row]


def _find_equal(
    mine: Sequence[tuple[str, str]], test: Sequence[tuple[str, str]], how: Literal["exact", "normalised"]
) -> dict[int, DuplicateRow]:
    places = {key: place for place, key in reversed(list(enumerate(test)))}
    return {
        row: DuplicateRow(row=row, test_row=places[key], how=how, similarity=1.0)
        for row, key in enumerate(mine)
        if key in places
    }
