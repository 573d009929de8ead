"""Evaluation context of tracks that ask a task's evaluation set: its requests to models, and their answers."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from evaluator.runtime.cost_log import CostLog
from evaluator.runtime.stage_cache import StageCache, cache_key
from evaluator.scheduling import TrainingSpec, WorkUnit
from evaluator.scoring.eval_set import EvalSet, ModelAnswers, answer_token_limit, hash_rows
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.judge_factory import JudgeOpener, judge_opener, open_no_judge
from evaluator.stages.model_tools import open_model
from evaluator.stages.track_context import ModelContext, ToolSettings
from submissions.records.task import Reference, Row, Task


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

    @property
    def task_id(self) -> str:
        """Task of the evaluation set."""
        return self.exam.task.id


@dataclass(frozen=True)
class EvaluationContext(ModelContext):
    """Protocol, model and judge of DatasetResearch."""

    protocol: AnchoredProtocol
    open_judge: JudgeOpener = open_no_judge
    """Opens the judge of metadata for a submission."""

    def build_eval_set(self, task: Task, reference: Reference) -> EvalSet:
        """Build a task's evaluation set under the protocol (limit of an answer: SCORING.md, arena@1, rule 3)."""
        outputs = [row.output for row in (*reference.train, *reference.test)]
        limit = answer_token_limit(self.protocol.decoding, partial(self.template.longest_answer, outputs))
        rows = reference.test[: self.protocol.test_items]
        labels = tuple(sorted(set(outputs)))
        asked = cache_key(task.id, hash_rows(rows), list(labels), limit)
        return EvalSet(task, rows, labels, limit, self.protocol.metrics, asked)

    def run_requests(self, asks: Sequence[ModelRequest]) -> Generator[tuple[ModelRequest, ModelAnswers], None, None]:
        """Yield each request with its answers: stored ones first, the rest as they finish and are stored."""
        return self.run_units(asks, self._build_unit)

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
def open_context(rules: AnchoredProtocol, settings: ToolSettings) -> Iterator[EvaluationContext]:
    """Open a judge, and workers for a protocol on this machine or a cluster; they end with the context.

    Raises NotFound for a judge without a connection. For a thread that lives as long as the context.
    """
    opener = judge_opener(rules, settings.judge, left_out=settings.no_judge, work=settings.work)
    store = StageCache(settings.work / "stages")
    with open_model(rules, settings) as tools:
        yield EvaluationContext(
            protocol=rules,
            setup=tools.setup,
            store=store,
            costs=CostLog(store),
            profile=settings.profile,
            progress=settings.progress,
            model=tools.model,
            template=tools.template,
            executor=tools.executor,
            open_judge=opener,
        )


def check_tools(rules: AnchoredProtocol, settings: ToolSettings) -> None:
    """Raise NotFound if the protocol has a judge, and neither its connection is given nor the judge left out."""
    judge_opener(rules, settings.judge, left_out=settings.no_judge, work=settings.work)
