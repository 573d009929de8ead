"""The seam: a job in, a model out."""

from __future__ import annotations

from collections.abc import Callable
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
class TrainResult:
    """A finished fine-tuning."""

    job: TrainJob
    steps: int
    loss: float
    """Mean training loss per target token over the last steps."""
    losses: tuple[float, ...] = ()
    """Training loss per target token of every step, if the trainer tells."""


PendingSave = Callable[[], TrainResult]
"""Waits until a trained model lies in its folder. Raises EvaluatorError."""


class Trainer(Protocol):
    """Fine-tunes the base model anew for each job."""

    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        """Train. Returns when the devices are free for the next job, though files may still be written.

        Raises EvaluatorError; the next job then meets a fresh process.
        """
        ...

    def release_devices(self) -> None:
        """Give the accelerators' memory back until the next job."""
        ...

    def close(self) -> None:
        """End what runs; a later job starts it again."""
        ...
