"""Interface of trainers: a job in, a model out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Progress = Callable[[str, int, int], None]
"""Called with the current activity, steps done, and steps in all."""


@dataclass(frozen=True)
class TrainJob:
    """One fine-tuning."""

    name: str
    rows: Path
    """JSON lines of `input_ids` and `labels`, equally long lists."""
    out: Path
    """Folder of the fine-tuned model, created atomically, with its resource usage (resource_usage.FILE)."""
    seed: int
    """Seed for the order of rows in each epoch."""


@dataclass(frozen=True)
class TrainResult:
    """A finished fine-tuning."""

    job: TrainJob
    steps: int
    loss: float
    """Mean training loss per target token over the last steps."""
    losses: tuple[float, ...] = ()
    """Training loss per target token of every step, if the trainer reports it."""


PendingSave = Callable[[], TrainResult]
"""Waits until a trained model lies in its folder. Raises EvaluatorError."""


class Trainer(Protocol):
    """Fine-tunes the base model anew for each job."""

    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        """Train. Returns when the devices are free for the next job, though files may still be written.

        Raises EvaluatorError; the next job then starts in a fresh process.
        """
        ...

    def release_devices(self) -> None:
        """Free the accelerators' memory until the next job."""
        ...

    def close(self) -> None:
        """End all processes; a later job starts them again."""
        ...
