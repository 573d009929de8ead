"""What every stage is handed: the rules, the tools, and the place where finished work is kept."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from evaluator.config.profile import Profile, load_profile
from evaluator.config.protocol import Protocol, load_protocol
from evaluator.models.chat_template import Template, load_template
from evaluator.models.environment import base_model, setup_of, tokenizer_of
from evaluator.runtime.cost_log import Costs
from evaluator.runtime.resource_usage import Spent
from evaluator.runtime.stage_cache import StageStore, key_of
from evaluator.scheduling import Crew, Done, Training, Unit
from evaluator.scheduling.ray.cluster import address
from evaluator.scheduling.worker_factory import Tools
from evaluator.scoring.eval_set import Answered, Exam, limit_of, rows_hash
from evaluator.training import Progress
from submissions.records.models import Record, Reference, Row, Setup, Task

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Ask:
    """An exam, and the model that sits it."""

    stage: str
    key: str
    """The hash of all that shapes the answers; two asks of one key have the same."""
    exam: Exam
    shots: tuple[tuple[str, str], ...] = ()
    """Turns before each question."""
    rows: tuple[Row, ...] | None = None
    """What the base model is trained on before; None asks it as it is."""
    seed: int = 0
    """Of the training."""


@dataclass(frozen=True)
class Workbench:
    """Tools and rules of one run."""

    protocol: Protocol
    setup: Setup
    model: Path
    """The untouched base model; of it only the tokenizer where a cluster computes."""
    template: Template
    crew: Crew
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
        limit = limit_of(self.protocol.decoding, partial(self.template.longest, outputs))
        rows = reference.test[: self.protocol.test_items]
        labels = tuple(sorted(set(outputs)))
        asked = key_of(task.id, rows_hash(rows), list(labels), limit)
        return Exam(task, rows, labels, limit, self.protocol.metrics, asked)

    def once(self, task: str, stage: str, key: str, kind: type[R], work: Callable[[], tuple[R, Spent]]) -> R:
        """The stored output of a task's stage, or that of the work, which is then stored with what it took."""
        found = self.store.find(stage, key, kind)
        if found is None:
            found, spent = work()
            self.costs.keep(key, spent)
            self.store.keep(stage, key, found)
        self.costs.use(task, stage, key)
        return found

    def answers(self, asks: Sequence[Ask]) -> Generator[tuple[Ask, Answered], None, None]:
        """Each ask with its answers: what is stored first, the rest as it is finished and stored."""
        left: dict[str, list[Ask]] = {}
        known = []
        for ask in asks:
            found = self.store.find(ask.stage, ask.key, Answered)
            if found is None:
                left.setdefault(ask.key, []).append(ask)
            else:
                known.append(ask.key)
                yield self._used(ask, found)
        self.crew.forget(known)  # a model may be left by a run that was killed after its last answer
        units = {key: partial(self._unit, same[0]) for key, same in left.items()}
        with closing(self.crew.run(units, self.progress)) as finished:
            for done in finished:
                answered = self._kept(left[done.key][0], done)
                self.crew.forget([done.key])
                for ask in left[done.key]:
                    yield self._used(ask, answered)

    def _used(self, ask: Ask, answered: Answered) -> tuple[Ask, Answered]:
        self.costs.use(ask.exam.task.id, ask.stage, ask.key)
        return ask, answered

    def _kept(self, ask: Ask, done: Done) -> Answered:
        answered = Answered(
            task=ask.exam.task.id,
            texts=tuple(completion.text for completion in done.completions),
            tokens=sum(completion.tokens for completion in done.completions),
        )
        self.costs.keep(done.key, done.spent)
        self.store.keep(ask.stage, done.key, answered)
        return answered

    def _unit(self, ask: Ask) -> Unit:
        """An ask in token ids."""
        exam, rules = ask.exam, self.protocol
        prompts = self.template.prompts(exam.questions, ask.shots, rules.decoding.max_prompt_tokens, exam.gold)
        training = None
        if ask.rows is not None:
            pairs = [(row.input, row.output) for row in ask.rows[: rules.sft.max_rows]]
            training = Training(self.template.examples(pairs, rules.sft.cutoff_tokens), ask.seed)
        return Unit(exam.task.id, ask.key, prompts, exam.limit, training)


@contextmanager
def open_workbench(
    protocol: str, profile: str, work: Path, progress: Progress, logs: Path | None = None
) -> Iterator[Workbench]:
    """Stations for a protocol on this machine or on a cluster; they end with the context. Logs lie in `work/logs`.

    On a cluster this machine needs the tokenizer only, and the first station says what the setup is. For a thread that
    lives as long as the context.
    """
    from evaluator.scheduling.ray.executor import RayCrew  # Ray takes a while to import, and most commands do without

    rules, machine = load_protocol(protocol), load_profile(profile)
    here = address() is None
    model = base_model(rules, work / "base") if here else tokenizer_of(rules)
    store = StageStore(work / "stages")
    tools = Tools(rules, machine, work.resolve(), (logs or work / "logs").resolve())
    with RayCrew(tools, machine, tools.models, setup_of(model, rules, machine) if here else None) as crew:
        yield Workbench(
            protocol=rules,
            setup=crew.setup(),
            model=model,
            template=load_template(rules.template, model),
            crew=crew,
            store=store,
            costs=Costs(store),
            profile=machine,
            progress=progress,
        )
