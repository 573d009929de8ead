"""Workers whose trainer and engines only let time pass: the remainder is the scheduling overhead."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from evaluator.generation import Completion
from evaluator.models.chat_template import Example
from evaluator.runtime.resource_usage import FILE, ResourceUsage
from evaluator.scheduling import TrainingSpec, Units, Worker, WorkUnit
from evaluator.testing.null_backend import NullGenerator
from evaluator.training import PendingSave, Progress, TrainJob, TrainResult
from submissions.records.anchors import Setup

SETUP = Setup(model="none", model_sha256="0" * 64, packages={}, hardware="none", seed=0)


@dataclass(frozen=True)
class Times:
    """Simulated seconds of each stage of a unit."""

    train: float
    gather: float
    """Time to bring weights to the host; the devices wait for it."""
    save: float
    """Time to write weights while the devices do something else."""
    load: float
    """Time for the engines to load other weights."""
    request: float

    def speed_up(self, by: float) -> Times:
        """Return the same times, divided by a factor."""
        return Times(*(getattr(self, name) / by for name in self.__dataclass_fields__))


class Meter:
    """Records the busy spans of the devices in a file."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file

    @contextmanager
    def record_busy(self, what: str) -> Iterator[None]:
        began = time.time()
        yield
        with self._file.open("a") as file:
            file.write(json.dumps([what, began, time.time()]) + "\n")


class PacedTrainer:
    """Trainer that only waits."""

    def __init__(self, times: Times, meter: Meter) -> None:
        self._times = times
        self._meter = meter

    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        progress(job.name, 1, 1)
        with self._meter.record_busy("train"):
            time.sleep(self._times.train)
        time.sleep(self._times.gather)
        return partial(self._write_result, job)

    def _write_result(self, job: TrainJob) -> TrainResult:
        time.sleep(self._times.save)
        job.out.mkdir(parents=True)
        (job.out / FILE).write_text(ResourceUsage(seconds=0).model_dump_json())
        return TrainResult(job, steps=1, loss=0.0)

    def release_devices(self) -> None:
        """Do nothing: no device is in use."""

    def close(self) -> None:
        """Do nothing: no process runs."""


class PacedGenerator(NullGenerator):
    """Generator that only waits."""

    def __init__(self, times: Times, meter: Meter) -> None:
        super().__init__()
        self._times = times
        self._meter = meter

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
        time.sleep(self._times.load)
        with self._meter.record_busy("ask"):
            time.sleep(self._times.request)
        return super().generate(model, prompts, max_new_tokens)


@dataclass(frozen=True)
class PacedWorkerFactory:
    """Factory of paced workers."""

    folder: Path
    times: Times
    together: bool

    def __call__(self, logs: str) -> tuple[Worker, Setup]:
        meter = Meter(self.folder / "meters" / f"{logs or 'station-1'}-{os.getpid()}.jsonl")
        tools = PacedTrainer(self.times, meter), PacedGenerator(self.times, meter)
        return Worker(self.folder / "base", *tools, self.folder / "models", together=self.together), SETUP

    def read_busy_spans(self) -> list[list[tuple[str, float, float]]]:
        """Return the busy spans (from, to) of each worker's devices."""
        files = sorted((self.folder / "meters").glob("*.jsonl"))
        return [[tuple(json.loads(line)) for line in file.open()] for file in files]


def make_paced_units(count: int, rows: int, questions: int, *, trained: bool = True) -> Units:
    """Make units with realistic token counts: 1000 rows and 1000 questions of some hundred tokens."""
    row = Example(list(range(500)), [-100] * 250 + list(range(250)))
    training = TrainingSpec([row] * rows, seed=0) if trained else None

    def make_unit(number: int) -> WorkUnit:
        return WorkUnit(f"task-{number}", f"key-{number}", [list(range(250)) for _ in range(questions)], 1, training)

    return {f"key-{number}": partial(make_unit, number) for number in range(count)}
