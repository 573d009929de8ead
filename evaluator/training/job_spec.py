"""What the parent tells the ranks to do, and the rows they read."""

from __future__ import annotations

import json
from pathlib import Path

from evaluator.config.profile import Profile
from evaluator.config.protocol import SftSettings
from submissions.records.base import Record

TokenRow = dict[str, list[int]]
"""`input_ids` and `labels`, equally long; -100 labels what is no target."""


class TrainJobSpec(Record):
    """One training, whole: a rank needs nothing else."""

    job: int
    """Counts the jobs of a process group; every message about a job bears it."""
    rows: Path
    out: Path
    base_model: Path
    dtype: str
    sft: SftSettings
    profile: Profile


def read_rows(file: Path) -> list[TokenRow]:
    """The rows of a job, in file order."""
    with file.open() as lines:
        return [json.loads(line) for line in lines]


def count_targets(row: TokenRow) -> int:
    """Tokens that are trained; the first of a row has nothing to follow from."""
    return sum(label != -100 for label in row["labels"][1:])
