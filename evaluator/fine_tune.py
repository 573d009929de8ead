"""The fine-tune stage: the base model trained on an entry's rows, asked the test rows without shots."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from evaluator.metrics import Measured
from evaluator.trainer import TrainJob
from evaluator.workbench import Answered, Workbench, rows_hash
from submissions.local import write_whole
from submissions.models import Reference, Row, Task


@dataclass(frozen=True)
class Unit:
    """One training and its examination."""

    task: Task
    reference: Reference
    rows: Sequence[Row]


def fine_tune(bench: Workbench, units: Sequence[Unit]) -> Iterator[tuple[Unit, Measured]]:
    """Each unit with its score, as they finish. What is stored is not trained again, what is trained only examined."""
    todo: list[tuple[Unit, TrainJob]] = []
    for unit in units:
        key = _key(bench, unit)
        job = _job(bench, unit, key)
        answered = bench.store.find("fine_tune", key, Answered)
        if answered is not None:
            shutil.rmtree(job.out.parent, ignore_errors=True)  # left by a run that was killed after its last answer
            yield unit, bench.measured(unit.task, unit.reference, answered)
        else:
            todo.append((unit, job))
    unexamined = {job for _, job in todo if job.out.is_dir()}
    to_train = [(unit, job) for unit, job in todo if job not in unexamined]
    for unit, job in todo:
        if job in unexamined:
            yield unit, _examined(bench, unit, job)
    for unit, job in to_train:
        _write_examples(bench, unit, job)
    finished = bench.trainer.train([job for _, job in to_train], bench.progress)
    for (unit, job), _ in zip(to_train, finished, strict=True):
        yield unit, _examined(bench, unit, job)


def untrained(bench: Workbench, task: Task, reference: Reference) -> Measured:
    """The base model's score: the same questions without any training."""
    limit = bench.new_tokens(reference)
    key = bench.key("base", task.id, rows_hash(bench.test_rows(reference)), limit)
    answered = bench.ask("base", key, task, bench.model, partial(_questions, bench, reference), limit)
    return bench.measured(task, reference, answered)


def _key(bench: Workbench, unit: Unit) -> str:
    rows = unit.rows[: bench.protocol.sft.max_rows]
    test = bench.test_rows(unit.reference)
    return bench.key("fine_tune", unit.task.id, rows_hash(rows), rows_hash(test), bench.new_tokens(unit.reference))


def _job(bench: Workbench, unit: Unit, key: str) -> TrainJob:
    folder = bench.store.folder.parent / "models" / key
    return TrainJob(unit.task.id, folder / "examples.jsonl", folder / "model")


def _write_examples(bench: Workbench, unit: Unit, job: TrainJob) -> None:
    sft = bench.protocol.sft
    pairs = [(row.input, row.output) for row in unit.rows[: sft.max_rows]]
    examples = bench.template.examples(pairs, sft.cutoff_tokens)
    lines = (json.dumps({"input_ids": example.input_ids, "labels": example.labels}) + "\n" for example in examples)
    write_whole(job.rows, "".join(lines).encode())


def _examined(bench: Workbench, unit: Unit, job: TrainJob) -> Measured:
    prompts, limit = partial(_questions, bench, unit.reference), bench.new_tokens(unit.reference)
    answered = bench.ask("fine_tune", _key(bench, unit), unit.task, job.out, prompts, limit)
    shutil.rmtree(job.out.parent)
    return bench.measured(unit.task, unit.reference, answered)


def _questions(bench: Workbench, reference: Reference) -> list[list[int]]:
    limit = bench.protocol.decoding.max_prompt_tokens
    return [bench.template.prompt(row.input, limit=limit) for row in bench.test_rows(reference)]
