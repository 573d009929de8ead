"""One trainer and one generator on devices of their own: they do whole units, and overlap where both have room."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from evaluator.crew.unit import Done, Unit
from evaluator.generator import Generator
from evaluator.spent import FILE, Spent
from evaluator.trainer import Progress, Trainer, TrainJob
from submissions.errors import EvaluatorError
from submissions.local import write_whole


class Station:
    """Does units; threads may hand it several, so that one trains while another is asked.

    A trained model lies in `models/<key>/model` until it is forgotten: a unit that comes again is only asked.
    """

    def __init__(self, base: Path, trainer: Trainer, generator: Generator, models: Path, *, together: bool) -> None:
        self._base = base
        self._trainer = trainer
        self._generator = generator
        self._models = models
        self._together = together
        """Whether the devices hold a training and an engine at once."""
        self._turn: AbstractContextManager[object] = nullcontext() if together else threading.RLock()
        self._training, self._asking = threading.Lock(), threading.Lock()

    def work(self, unit: Unit, progress: Progress) -> Done:
        """Train, if the unit says so, and ask. Raises EvaluatorError."""
        with self._turn:
            if unit.training is None:
                return self._asked(unit, self._base)
            model = self._model(unit.key)
            found = (model / FILE).exists()
            if not found:
                self._train(unit, model, progress)
            try:
                return self._asked(unit, model, Spent.model_validate_json((model / FILE).read_bytes()))
            except EvaluatorError:
                if found:  # it may be the model that is broken: the next try trains it anew
                    shutil.rmtree(model, ignore_errors=True)
                raise

    def held(self) -> list[str]:
        """The keys of units whose model lies here."""
        return sorted(file.parents[1].name for file in self._models.glob(f"*/model/{FILE}"))

    def forget(self, keys: Collection[str]) -> None:
        """Remove the models of these units, where they are here."""
        for key in keys:
            shutil.rmtree(self._models / key, ignore_errors=True)

    def close(self) -> None:
        """End trainer and engine."""
        self._trainer.close()
        self._generator.close()

    def _model(self, key: str) -> Path:
        return self._models / key / "model"

    def _train(self, unit: Unit, model: Path, progress: Progress) -> None:
        assert unit.training is not None
        rows = model.with_name("examples.jsonl")
        examples = unit.training.examples
        lines = (json.dumps({"input_ids": one.input_ids, "labels": one.labels}) + "\n" for one in examples)
        write_whole(rows, "".join(lines).encode())
        job = TrainJob(unit.name, rows, model, unit.training.seed)
        with self._training:
            if not self._together:
                self._generator.rest()
            saving = self._trainer.train(job, progress)
        saving()

    def _asked(self, unit: Unit, model: Path, training: Spent | None = None) -> Done:
        with self._asking:
            if not self._together:
                self._trainer.rest()
            completions = self._generator.generate(model, unit.prompts, unit.limit)
            spent = self._generator.spent
        if len(completions) != len(unit.prompts):
            raise EvaluatorError(f"{len(completions)} answers came to {len(unit.prompts)} prompts: run again.")
        return Done(unit.key, completions, training + spent if training else spent)
