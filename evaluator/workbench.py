"""What every stage is handed: the rules, the tools, and the place where finished work is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, TypeVar

from evaluator.costs import Costs
from evaluator.exam import Answered, Exam, rows_hash
from evaluator.generator import Generator, VllmGenerator
from evaluator.machine import base_model, setup_of
from evaluator.profile import Profile, load_profile
from evaluator.protocol import Protocol, load_protocol
from evaluator.spent import Spent
from evaluator.store import StageStore, key_of
from evaluator.template import Template, load_template
from evaluator.trainer import DeepSpeedTrainer, Progress, Trainer
from submissions.errors import EvaluatorError
from submissions.models import Record, Reference, Setup, Task

R = TypeVar("R", bound=Record)
NOTHING = Spent(seconds=0)


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
    costs: Costs
    profile: Profile
    progress: Progress

    def anew(self) -> Self:
        """The same tools with an empty list of costs, for one evaluation."""
        return replace(self, costs=Costs(self.store))

    def key(self, *parts: Record | str | int | float | list[str]) -> str:
        """The hash of a stage's inputs under this setup and what the protocol says of answers."""
        return key_of(self.protocol.answers_sha256, self.setup, *parts)

    def exam(self, task: Task, reference: Reference) -> Exam:
        """A task's exam under the protocol (the limit of an answer: SCORING.md, arena@1, rule 3)."""
        outputs = [row.output for row in (*reference.train, *reference.test)]
        limit, rows = self._limit(outputs), reference.test[: self.protocol.test_items]
        labels = tuple(sorted(set(outputs)))
        asked = key_of(task.id, rows_hash(rows), list(labels), limit)
        return Exam(task, rows, labels, limit, self.protocol.metrics, asked)

    def _limit(self, outputs: Sequence[str]) -> int:
        """How long an answer may be, in tokens."""
        decoding = self.protocol.decoding
        times, most = decoding.times_longest_reference, decoding.max_new_tokens
        return most if times is None else min(most, round(times * self.template.longest(outputs, most / times)))

    def once(self, task: str, stage: str, key: str, kind: type[R], work: Callable[[], tuple[R, Spent]]) -> R:
        """The stored output of a task's stage, or that of the work, which is then stored with what it took."""
        found = self.store.find(stage, key, kind)
        if found is None:
            found, spent = work()
            self.costs.keep(key, spent)
            self.store.keep(stage, key, found)
        self.costs.use(task, stage, key)
        return found

    def ask(
        self,
        stage: str,
        key: str,
        exam: Exam,
        model: Path,
        shots: Sequence[tuple[str, str]] = (),
        training: Spent = NOTHING,
    ) -> Answered:
        """A model's answers to an exam after the same shots; generated at most once.

        `training` is what the model took, which counts as the answers' cost too.
        """

        def work() -> tuple[Answered, Spent]:
            prompts = self.template.prompts(exam.questions, shots, self.protocol.decoding.max_prompt_tokens, exam.gold)
            completions = self.generator.generate(model, prompts, exam.limit)
            if len(completions) != len(prompts):
                raise EvaluatorError(f"{len(completions)} answers came to {len(prompts)} prompts: run again.")
            texts = tuple(completion.text for completion in completions)
            tokens = sum(completion.tokens for completion in completions)
            return Answered(task=exam.task.id, texts=texts, tokens=tokens), training + self.generator.spent

        return self.once(exam.task.id, stage, key, Answered, work)


@contextmanager
def open_workbench(protocol: str, profile: str, work: Path, progress: Progress) -> Iterator[Workbench]:
    """Trainer and engine for a protocol on a machine; children end with the context. Logs lie in `work/logs`."""
    rules, machine = load_protocol(protocol), load_profile(profile)
    model = base_model(rules, work / "base")
    template = load_template(rules.template, model)
    logs, store = work / "logs", StageStore(work / "stages")
    with VllmGenerator(model, rules, machine, template.stop_ids, logs / "engine.log") as generator:
        yield Workbench(
            protocol=rules,
            setup=setup_of(model, rules, machine),
            model=model,
            template=template,
            trainer=DeepSpeedTrainer(model, rules, machine, logs / "trainer.log"),
            generator=generator,
            store=store,
            costs=Costs(store),
            profile=machine,
            progress=progress,
        )
