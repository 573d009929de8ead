"""What every stage is handed: the rules, the tools, and the place where finished work is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evaluator.generator import Generator, VllmGenerator
from evaluator.machine import base_model, setup_of
from evaluator.metrics import Answers, Measured, measure
from evaluator.profile import load_profile
from evaluator.protocol import Protocol, load_protocol
from evaluator.store import StageStore, key_of
from evaluator.template import Template
from evaluator.trainer import DeepSpeedTrainer, Progress, Trainer
from submissions.errors import EvaluatorError
from submissions.models import Record, Reference, Row, Setup, Task


class Answered(Record):
    """What a model said to a task's test rows. Private, for it stands beside hidden rows."""

    task: str
    texts: tuple[str, ...]
    tokens: int
    """Generated tokens in all."""


@dataclass(frozen=True)
class Workbench:
    """Tools and rules of one run."""

    protocol: Protocol
    setup: Setup
    model: Path
    """The untouched base model."""
    template: Template
    trainer: Trainer
    generator: Generator
    store: StageStore
    progress: Progress

    def key(self, *parts: Record | str | int | float | list[str]) -> str:
        """The hash of a stage's inputs under this protocol and setup."""
        return key_of(self.protocol.sha256, self.setup, *parts)

    def test_rows(self, reference: Reference) -> tuple[Row, ...]:
        """The rows that are asked."""
        return reference.test[: self.protocol.test_items]

    def new_tokens(self, reference: Reference) -> int:
        """How long an answer may be, in tokens (SCORING.md, arena@1, rule 3)."""
        decoding = self.protocol.decoding
        longest = self.template.longest(tuple(row.output for row in (*reference.train, *reference.test)))
        return min(decoding.max_new_tokens, round(decoding.times_longest_reference * longest))

    def ask(
        self,
        stage: str,
        key: str,
        task: Task,
        model: Path,
        prompts: Callable[[], Sequence[list[int]]],
        limit: int,
    ) -> Answered:
        """The answers to prompts, which are made, and generated, at most once."""

        def work() -> Answered:
            asked = prompts()
            completions = self.generator.generate(model, asked, limit)
            if len(completions) != len(asked):
                raise EvaluatorError(f"The engine gave {len(completions)} answers to {len(asked)} prompts: run again.")
            texts = tuple(completion.text for completion in completions)
            return Answered(task=task.id, texts=texts, tokens=sum(completion.tokens for completion in completions))

        return self.store.once(stage, key, Answered, work)

    def measured(self, task: Task, reference: Reference, answered: Answered) -> Measured:
        """The score of a model's answers to a task's test rows."""
        labels = sorted({row.output for row in (*reference.train, *reference.test)})
        return measure(Answers(task, self.test_rows(reference), labels, answered.texts))


def rows_hash(rows: Sequence[Row]) -> str:
    """The hash of rows in their order."""
    return key_of([text for row in rows for text in (row.input, row.output)])


@contextmanager
def open_workbench(protocol: str, profile: str, work: Path, progress: Progress) -> Iterator[Workbench]:
    """Trainer and engine for a protocol on a machine; children end with the context. Logs lie in `work/logs`."""
    rules, machine = load_protocol(protocol), load_profile(profile)
    model = base_model(rules, work / "base")
    template = Template(model)
    logs = work / "logs"
    with VllmGenerator(model, rules, machine, template.stop_ids, logs / "engine.log") as generator:
        yield Workbench(
            protocol=rules,
            setup=setup_of(model, rules, machine),
            model=model,
            template=template,
            trainer=DeepSpeedTrainer(model, rules, machine, logs / "trainer.log"),
            generator=generator,
            store=StageStore(work / "stages"),
            progress=progress,
        )
