"""Assignment of reference rows to the train and test half."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from typing import Literal

from evaluator.scoring.shared_context import find_groups
from submissions.records.task import Row

Half = Literal["train", "test"]

SPLIT = "hash-split@2"
"""Rule of new imports: rows of one group stay together."""
SINGLE_ROWS = "hash-split@1"
"""Rule of benchmarks imported before: every row by its own input."""
SPLITS = (SPLIT, SINGLE_ROWS)
SIDES: dict[Half, str] = {"train": "t", "test": "e"}
"""Each half with its letter in split.json."""


def split_rows(task_id: str, rows: Sequence[Row], rule: str = SPLIT) -> list[Half]:
    """Return the half of each row by one of SPLITS.

    `hash-split@2` puts a whole group where `hash-split@1` puts its first input in the order of the text, so that a row
    alone in its group is where it was. Groups are those of the rows, or found (evaluator/scoring/shared_context.py).
    """
    if rule == SINGLE_ROWS:
        return [split_side(task_id, row.input) for row in rows]
    groups = find_groups(rows)
    first: dict[int, str] = {}
    for row, group in zip(rows, groups, strict=True):
        text = unicodedata.normalize("NFC", row.input)
        first[group] = min(first.get(group, text), text)
    return [split_side(task_id, first[group]) for group in groups]


def split_side(task_id: str, text: str) -> Half:
    """Return the half of an input by arena@1's first rule `hash-split@1`, which never changes.

    SHA-256 over the UTF-8 of the task id, a line feed, and the input, both in Unicode NFC; an even first byte is
    train. So rows with equal inputs stay together.
    """
    key = unicodedata.normalize("NFC", f"{task_id}\n{text}")
    return "test" if hashlib.sha256(key.encode()).digest()[0] % 2 else "train"
