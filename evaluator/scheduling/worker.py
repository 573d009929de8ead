"""Worker with a trainer and a generator on exclusive devices; overlaps both where memory allows."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from evaluator.errors import FAILURES
from evaluator.generation import Generator
from evaluator.runtime.child_process import error_name
from evaluator.runtime.resource_usage import FILE, ResourceUsage
from evaluator.scheduling.work_unit import TrainingSpec, UnitResult, WorkUnit
from evaluator.training import Progress, Trainer, TrainJob
from submissions.errors import EvaluatorError
from submissions.storage.atomic import atomic_write


class Worker:
    """Runs units; several threads may submit, so that one trains while another is evaluated or stored.

    A trained model lies in `models/<key>/model` until it is discarded: a repeated unit skips the training.
    """

    def __init__(self, base: Path, trainer: Trainer, generator: Generator, models: Path, *, together: bool) -> None:
        self._base = base
        self._trainer = trainer
        self._generator = generator
        self._models = models
        self._together = together
        """Whether the devices hold a training and an engine at once."""
        self._devices: AbstractContextManager[object] = nullcontext() if together else threading.Lock()
        self._training, self._asking = threading.Lock(), threading.Lock()

    def run(self, unit: WorkUnit, progress: Progress) -> UnitResult:
        """Train, if the unit has a training, and generate the answers. Raises EvaluatorError."""
        try:
            return self._run_unit(unit, progress)
        except OSError as error:
            kind = FAILURES.get(error_name(error) or "", EvaluatorError)
            raise kind(f"A worker could not write or read: {error.strerror}.", str(error)) from error

    def cached_models(self) -> list[str]:
        """Keys of units whose model lies here."""
        return sorted(file.parents[1].name for file in self._models.glob(f"*/model/{FILE}"))

    def discard_models(self, keys: Collection[str]) -> None:
        """Remove the models of these units, if present."""
        for key in keys:
            shutil.rmtree(self._models / key, ignore_errors=True)

    def discard_stale_models(self, wanted: Collection[str], seconds: float) -> None:
        """Remove models older than `seconds`, finished or not, that are not among these keys."""
        for folder in self._models.glob("*"):
            if folder.name not in wanted and time.time() - folder.stat().st_mtime > seconds:
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """End trainer and engine."""
        self._trainer.close()
        self._generator.close()

    def _run_unit(self, unit: WorkUnit, progress: Progress) -> UnitResult:
        if unit.training is None:
            return self._generate_answers(unit, self._base)
        model = self._models / unit.key / "model"
        found = (model / FILE).exists()
        if not found:
            self._train(unit.name, unit.training, model, progress)
        try:
            return self._generate_answers(unit, model, ResourceUsage.model_validate_json((model / FILE).read_bytes()))
        except EvaluatorError:
            if found:  # the model may be broken: the next try trains it again
                shutil.rmtree(model, ignore_errors=True)
            raise

    def _train(self, name: str, training: TrainingSpec, model: Path, progress: Progress) -> None:
        rows = model.with_name("examples.jsonl")
        lines = (json.dumps({"input_ids": one.input_ids, "labels": one.labels}) + "\n" for one in training.examples)
        atomic_write(rows, "".join(lines).encode())  # before the devices are free
        job = TrainJob(name, rows, model, training.seed)
        with self._training, self._devices:
            if not self._together:
                self._generator.release_devices()
            saving = self._trainer.train(job, progress)
        saving()  # meanwhile another unit uses the devices

    def _generate_answers(self, unit: WorkUnit, model: Path, training: ResourceUsage | None = None) -> UnitResult:
        with self._asking, self._devices:
            if not self._together:
                self._trainer.release_devices()
            completions = self._generator.generate(model, unit.prompts, unit.limit)
            spent = self._generator.last_usage
        if len(completions) != len(unit.prompts):
            raise EvaluatorError(f"{len(completions)} answers came to {len(unit.prompts)} prompts: run again.")
        return UnitResult(unit.key, completions, training + spent if training else spent)
