"""The fine-tune stage: the base model trained on an entry's rows, asked the test rows without shots."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from evaluator.exam import Answered, Exam, rows_hash
from evaluator.spent import FILE, Spent
from evaluator.trainer import TrainJob
from evaluator.workbench import Workbench
from submissions.errors import EvaluatorError
from submissions.local import write_whole
from submissions.models import Row


@dataclass(frozen=True)
class Unit:
    """One training and its examination."""

    exam: Exam
    rows: Sequence[Row]
    seed: int


@dataclass(frozen=True)
class _Todo:
    """A unit whose answers are not stored yet."""

    unit: Unit
    key: str
    job: TrainJob


def fine_tune(bench: Workbench, units: Sequence[Unit]) -> Generator[tuple[Unit, Answered], None, None]:
    """Each unit with its model's answers, as they finish.

    What is stored is not trained again, what is trained only examined.
    """
    to_train: list[_Todo] = []
    for unit in units:
        todo = _todo(bench, unit)
        answered = bench.store.find("fine_tune", todo.key, Answered)
        if answered is not None:
            shutil.rmtree(todo.job.out.parent, ignore_errors=True)  # left by a run killed after its last answer
            bench.costs.use(unit.exam.task.id, "fine_tune", todo.key)
            yield unit, answered
        elif (todo.job.out / FILE).exists():
            try:
                yield unit, _examined(bench, todo)
            except EvaluatorError:
                shutil.rmtree(todo.job.out, ignore_errors=True)  # it may be the model that is broken: train it anew
                raise
        else:
            to_train.append(todo)
    finished = bench.trainer.train(_written(bench, to_train), bench.progress)
    for todo, _ in zip(to_train, finished, strict=True):
        yield todo.unit, _examined(bench, todo)


def untrained(bench: Workbench, exam: Exam) -> Answered:
    """The base model's answers: the same questions without any training."""
    return bench.ask("base", bench.key("base", exam.sha256), exam, bench.model)


def _todo(bench: Workbench, unit: Unit) -> _Todo:
    key = bench.key("fine_tune", unit.exam.sha256, rows_hash(unit.rows[: bench.protocol.sft.max_rows]), unit.seed)
    folder = bench.store.folder.parent / "models" / key
    return _Todo(unit, key, TrainJob(unit.exam.task.id, folder / "examples.jsonl", folder / "model", unit.seed))


def _written(bench: Workbench, todos: Sequence[_Todo]) -> Iterator[TrainJob]:
    """The jobs, each with its examples written when the trainer asks for it."""
    sft = bench.protocol.sft
    for todo in todos:
        pairs = [(row.input, row.output) for row in todo.unit.rows[: sft.max_rows]]
        examples = bench.template.examples(pairs, sft.cutoff_tokens)
        lines = (json.dumps({"input_ids": one.input_ids, "labels": one.labels}) + "\n" for one in examples)
        write_whole(todo.job.rows, "".join(lines).encode())
        yield todo.job


def _examined(bench: Workbench, todo: _Todo) -> Answered:
    training = Spent.model_validate_json((todo.job.out / FILE).read_bytes())
    answered = bench.ask("fine_tune", todo.key, todo.unit.exam, todo.job.out, training=training)
    shutil.rmtree(todo.job.out.parent)
    return answered
