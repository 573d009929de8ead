"""Definition of a demo task: its public side, its metadata, and three makers of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from curation.records import FlatTask
from submissions.records.task import Row

SOURCE = "names from the Unicode CLDR through Babel; sentences written for this repository"
LICENCE = "Unicode-3.0 (names), Apache-2.0 (sentences)"

Maker = Callable[[Random], Row]
"""Makes one row from a random stream; the builder calls it until enough rows differ."""


@dataclass(frozen=True)
class DemoTask:
    """One task with the data around it."""

    flat: FlatTask
    """The line of tasks.jsonl; `metadata.samples_count` is the number of reference rows made."""
    reference: Maker
    """Rows of the hidden reference set."""
    good: Maker
    """Rows of a capable system: the same demand, other facts or other wording."""
    poor: Maker | None
    """Rows that miss the demand; None where the poor system delivers nothing."""
