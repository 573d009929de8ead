"""The seam: jobs in, models out, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Progress = Callable[[str, int, int], None]
"""Called with what is being done, steps done, and steps in all."""


@dataclass(frozen=True)
class TrainJob:
    """One fine-tuning."""

    name: str
    rows: Path
    """JSON lines of `input_ids` and `labels`, equally long lists."""
    out: Path
    """The folder of the fine-tuned model; it appears whole or not at all, with what the training took (spent.FILE)."""
    seed: int
    """Orders the rows of each epoch."""


@dataclass(frozen=True)
class Trained:
    """A finished fine-tuning."""

    job: TrainJob
    steps: int
    loss: float
    """Mean training loss per target token over the last steps."""


class Trainer(Protocol):
    """Fine-tunes the base model anew for each job."""

    def train(self, jobs: Iterable[TrainJob], progress: Progress) -> Iterator[Trained]:
        """Yield each job when its model is there; a job is taken when the one before is done. Raises EvaluatorError."""
        ...
