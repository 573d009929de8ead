"""The screen: rows that copy a reference test row are taken out before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from evaluator.screen.near import near_copies
from evaluator.screen.records import Copy, Screened
from evaluator.screen.settings import NearSettings
from evaluator.screen.skeleton import Skeletons, skeleton
from evaluator.screen.source import same_dataset, tasks_from_reference
from evaluator.screen.statistics import Statistics, statistics
from submissions.models import Row

__all__ = [
    "Copy",
    "NearSettings",
    "Screened",
    "Statistics",
    "same_dataset",
    "screen",
    "skeleton",
    "tasks_from_reference",
]


def screen(
    rows: Sequence[Row], test: Sequence[Row], near: NearSettings | None = None, language: str = "en"
) -> Screened:
    """Compare every row with every test row: inputs exactly and normalised, then whole rows for near-duplicates.

    `language` is the task's, a BCP 47 tag; it only says which scripts the statistics expect. What is said of a row
    does not depend on the order of the others, except that the first of equally similar test rows is named.
    """
    mine, theirs = Skeletons.of(rows), Skeletons.of(test)
    copies = _equal([row.input for row in rows], [row.input for row in test], "exact")
    copies = _equal(mine.inputs, theirs.inputs, "normalised") | copies
    rest = [number for number in range(len(rows)) if number not in copies]
    for place, one in near_copies(mine.rows(rest), theirs, near or NearSettings()).items():
        copies[rest[place]] = Copy(row=rest[place], test_row=one.test_row, how="near", similarity=one.similarity)
    return Screened(
        kept=tuple(number for number in range(len(rows)) if number not in copies),
        copies=tuple(copies[number] for number in sorted(copies)),
        statistics=statistics(rows, mine, language),
    )


def _equal(mine: Sequence[str], test: Sequence[str], how: Literal["exact", "normalised"]) -> dict[int, Copy]:
    places = {text: place for place, text in reversed(list(enumerate(test)))}
    return {
        row: Copy(row=row, test_row=places[text], how=how, similarity=1.0)
        for row, text in enumerate(mine)
        if text in places
    }
