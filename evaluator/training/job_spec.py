"""Job specification from the parent to the ranks, and the rows they read."""

from __future__ import annotations

import json
from pathlib import Path

from evaluator.config.profile import Profile
from evaluator.config.protocol import SftSettings
from submissions.records.base import Record

TokenRow = dict[str, list[int]]
"""`input_ids` and `labels`, equally long; label -100 marks tokens that are no target."""


class TrainJobSpec(Record):
    """Complete specification of one training."""

    job: int
    """Number of the job in its process group; part of every message about it."""
    rows: Path
    out: Path
    base_model: Path
    dtype: str
    sft: SftSettings
    profile: Profile


def read_rows(file: Path) -> list[TokenRow]:
    """Read the rows of a job, in file order."""
    with file.open() as lines:
        return [json.loads(line) for line in lines]


def count_targets(row: TokenRow) -> int:
    """Count the trained tokens; the first of a row has no predecessor to predict it from."""
    return sum(label != -100 for label in row["labels"][1:])
