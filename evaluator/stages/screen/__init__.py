"""Screen: removes rows that copy a reference test row, before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.screen.data_statistics import Statistics, compute_statistics
from evaluator.stages.screen.equal_inputs import find_equal_inputs
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
    copies = find_equal_inputs(mine, theirs)
    rest = [number for number in range(len(rows)) if number not in copies]
    near_rows = find_near_duplicates(
        mine.select_rows(rest).fold_look_alikes(), theirs.fold_look_alikes(), near or NearDuplicateSettings()
    )
    for place, one in near_rows.items():
        copies[rest[place]] = DuplicateRow(
            row=rest[place], test_row=one.test_row, how="near", similarity=one.similarity
        )
    return ScreenResult(
        kept=tuple(number for number in range(len(rows)) if number not in copies),
        copies=tuple(copies[number] for number in sorted(copies)),
        statistics=compute_statistics(rows, mine, language),
    )
