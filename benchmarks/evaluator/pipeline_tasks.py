"""Tasks that the pipeline benchmark trains on and asks."""

from __future__ import annotations

import random
from dataclasses import dataclass

from evaluator.stages.context import EvaluationContext, ModelRequest
from evaluator.stages.fine_tune import fine_tune_request
from submissions.records.task import Metadata, Reference, Row, Task

WORDS = {"fruit": "apple pear plum lemon", "animal": "horse tiger eagle otter", "colour": "green violet white brown"}


METADATA = Metadata(introduction="i", task="t", question="q", input="i", output="o", source="s", samples_count=0)


@dataclass(frozen=True)
class Sizes:
    """Sizes of a task."""

    rows: int
    items: int


def make_request(bench: EvaluationContext, number: int, sizes: Sizes) -> ModelRequest:
    """Build the fine-tuning request of a task; every other task is a classification."""
    classification = number % 2 == 0
    task = Task(
        id=f"{'kind' if classification else 'next'}-{number:02}",
        track="dataset_research",
        title="A task",
        category="text_classification" if classification else "question_answering",
        kind="knowledge",
        language="en",
        metric="accuracy" if classification else "token_f1",
        demand="Rows.",
    )
    chance = random.Random(number)
    make = make_kind_row if classification else make_successor_row
    mine, train, test = (tuple(make(chance) for _ in range(count)) for count in (sizes.rows, 2, sizes.items))
    exam = bench.build_eval_set(task, Reference(task=task.id, metadata=METADATA, train=train, test=test))
    return fine_tune_request(bench, exam, mine, bench.protocol.sft.seed)


def make_kind_row(chance: random.Random) -> Row:
    """Make a row that asks for the kind of one word among others."""
    kind = chance.choice(sorted(WORDS))
    said = " ".join(chance.choices("please tell me now what this thing is".split(), k=chance.randint(3, 40)))
    return Row(input=f"{said}: {chance.choice(WORDS[kind].split())}", output=kind)


def make_successor_row(chance: random.Random) -> Row:
    """Make a row that asks for the number after one given within words."""
    number = chance.randint(10, 99)
    said = " ".join(chance.choices("please tell me now which number comes".split(), k=chance.randint(3, 40)))
    return Row(input=f"{said} after {number}?", output=f"the number {number + 1}")
