"""Evaluation context of every stage: protocol, executor, and store of finished work."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from evaluator.config.profile import Profile, load_profile
from evaluator.config.protocol import Protocol, load_protocol
from evaluator.models.base_model import prepare_base_model
from evaluator.models.chat_template import ChatTemplate, load_template
from evaluator.models.environment import describe_setup
from evaluator.runtime.cost_log import CostLog
from evaluator.runtime.resource_usage import ResourceUsage
from evaluator.runtime.stage_cache import StageCache, cache_key
from evaluator.scheduling import Executor, TrainingSpec, UnitResult, WorkUnit
from evaluator.scheduling.ray.cluster import cluster_address
from evaluator.scheduling.worker_factory import WorkerFactory
from evaluator.scoring.eval_set import EvalSet, ModelAnswers, answer_token_limit, hash_rows
from evaluator.training import Progress
from submissions.records.anchors import Setup
from submissions.records.base import Record
from submissions.records.task import Reference, Row, Task

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class ModelRequest:
    """Evaluation set and the model to evaluate on it."""

    stage: str
    key: str
    """Hash of all inputs that shape the answers; two requests of one key have the same."""
    exam: EvalSet
    shots: tuple[tuple[str, str], ...] = ()
    """Chat turns before each question."""
    rows: tuple[Row, ...] | None = None
    """Training rows; None evaluates the base model unchanged."""
    seed: int = 0
    """Seed of the training."""


@dataclass(frozen=True)
class EvaluationContext:
    """Protocol and tools of one run."""

    protocol: Protocol
    setup: Setup
    model: Path
    """Folder of the untouched base model."""
    template: ChatTemplate
    executor: Executor
    store: StageCache
    costs: CostLog
    profile: Profile
    progress: Progress

    def with_fresh_costs(self) -> Self:
        """Copy the context with an empty cost log, for one evaluation."""
        return replace(self, costs=CostLog(self.store))

    def stage_key(self, *parts: Record | str | int | float | list[str]) -> str:
        """Hash a stage's inputs with this setup and the protocol's generation settings."""
        return cache_key(self.protocol.generation_sha256, self.setup, *parts)

    def build_eval_set(self, task: Task, reference: Reference) -> EvalSet:
        """Build a task's evaluation set under the protocol (limit of an answer: SCORING.md, arena@1, rule 3)."""
        outputs = [row.output for row in (*reference.train, *reference.test)]
        limit = answer_token_limit(self.protocol.decoding, partial(self.template.longest_answer, outputs))
        rows = reference.test[: self.protocol.test_items]
        labels = tuple(sorted(set(outputs)))
        asked = cache_key(task.id, hash_rows(rows), list(labels), limit)
        return EvalSet(task, rows, labels, limit, self.protocol.metrics, asked)

    def run_cached(
        self, task: str, stage: str, key: str, kind: type[R], work: Callable[[], tuple[R, ResourceUsage]]
    ) -> R:
        """Return the stored output of a task's stage, or run `work` and store its output with its usage."""
        found = self.store.get(stage, key, kind)
        if found is None:
            found, spent = work()
            self.costs.record(key, spent)
            self.store.put(stage, key, found)
        self.costs.attribute(task, stage, key)
        return found

    def run_requests(self, asks: Sequence[ModelRequest]) -> Generator[tuple[ModelRequest, ModelAnswers], None, None]:
        """Yield each request with its answers: stored ones first, the rest as they finish and are stored."""
        left: dict[str, list[ModelRequest]] = {}
        known = []
        for ask in asks:
            found = self.store.get(ask.stage, ask.key, ModelAnswers)
            if found is None:
                left.setdefault(ask.key, []).append(ask)
            else:
                known.append(ask.key)
                yield self._attribute_cost(ask, found)
        self.executor.discard_models(known)  # a run killed after its last answer may leave a model
        units = {key: partial(self._build_unit, same[0]) for key, same in left.items()}
        with closing(self.executor.run(units, self.progress)) as finished:
            for done in finished:
                answered = self._store_answers(left[done.key][0], done)
                self.executor.discard_models([done.key])
                for ask in left[done.key]:
                    yield self._attribute_cost(ask, answered)

    def _attribute_cost(self, ask: ModelRequest, answered: ModelAnswers) -> tuple[ModelRequest, ModelAnswers]:
        self.costs.attribute(ask.exam.task.id, ask.stage, ask.key)
        return ask, answered

    def _store_answers(self, ask: ModelRequest, done: UnitResult) -> ModelAnswers:
        answered = ModelAnswers(
            task=ask.exam.task.id,
            texts=tuple(completion.text for completion in done.completions),
            tokens=sum(completion.tokens for completion in done.completions),
        )
        self.costs.record(done.key, done.spent)
        self.store.put(ask.stage, done.key, answered)
        return answered

    def _build_unit(self, ask: ModelRequest) -> WorkUnit:
        """Build the work unit of a request, in token ids."""
        exam, rules = ask.exam, self.protocol
        prompts = self.template.build_prompts(exam.inputs, ask.shots, rules.decoding.max_prompt_tokens, exam.targets)
        training = None
        if ask.rows is not None:
            pairs = [(row.input, row.output) for row in ask.rows[: rules.sft.max_rows]]
            training = TrainingSpec(self.template.build_examples(pairs, rules.sft.cutoff_tokens), ask.seed)
        return WorkUnit(exam.task.id, ask.key, prompts, exam.limit, training)


@contextmanager
def open_context(
    protocol: str, profile: str, work: Path, progress: Progress, logs: Path | None = None
) -> Iterator[EvaluationContext]:
    """Open workers for a protocol on this machine or a cluster; they end with the context. Logs lie in `work/logs`.

    The base model is downloaded here, before the workers start: they have no token, and find it in the shared cache.
    On a cluster the first worker determines the setup. For a thread that lives as long as the context.
    """
    from evaluator.scheduling.ray.ray_executor import RayExecutor

    rules, machine = load_protocol(protocol), load_profile(profile)
    here = cluster_address() is None
    model = prepare_base_model(rules, work / "base")
    store = StageCache(work / "stages")
    tools = WorkerFactory(rules, machine, work.resolve(), (logs or work / "logs").resolve())
    with RayExecutor(tools, machine, tools.models, describe_setup(model, rules, machine) if here else None) as crew:
        yield EvaluationContext(
            protocol=rules,
            setup=crew.resolve_setup(),
            model=model,
            template=load_template(rules.template, model),
            executor=crew,
            store=store,
            costs=CostLog(store),
            profile=machine,
            progress=progress,
        )
