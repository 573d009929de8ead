"""Null trainer and generator without computation, to measure the cost and order of everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from evaluator.config.profile import load_profile
from evaluator.generation import Completion, Generator
from evaluator.models.chat_template import load_template
from evaluator.models.environment import PIPELINE, scoring_packages
from evaluator.models.tiny_llama import TOKENIZER
from evaluator.runtime.cost_log import CostLog
from evaluator.runtime.resource_usage import FILE, ResourceUsage
from evaluator.runtime.stage_cache import StageCache
from evaluator.scheduling import LocalExecutor, Worker
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.context import EvaluationContext
from evaluator.training import PendingSave, Progress, Trainer, TrainJob, TrainResult
from submissions.records.anchors import Setup

Answer = Callable[[Path, Sequence[int]], str]
"""Returns the answer of the model in a folder to a prompt's token ids."""


class NullTrainer:
    """Writes empty model folders and records its jobs."""

    def __init__(self) -> None:
        self.jobs: list[TrainJob] = []
        """Every job that was done, in order."""

    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        job.out.mkdir(parents=True)
        (job.out / FILE).write_text(ResourceUsage(seconds=0).model_dump_json())
        self.jobs.append(job)
        progress(job.name, 1, 1)
        return lambda: TrainResult(job, steps=0, loss=0.0)

    def release_devices(self) -> None:
        """Do nothing: no devices are in use."""

    def close(self) -> None:
        """Do nothing: nothing runs."""


class NullGenerator:
    """Answers every prompt with a given function, or with an empty text, and records the models used."""

    def __init__(self, answer: Answer = lambda _model, _prompt: "") -> None:
        self._answer = answer
        self.models: list[Path] = []
        """The model of every call that was answered, in order."""
        self.last_usage = ResourceUsage(seconds=0)
        """Nothing: no work, no cost."""

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:  # noqa: ARG002
        texts = [self._answer(model, prompt) for prompt in prompts]
        self.models.append(model)
        return [Completion(text=text, tokens=0, finished=True) for text in texts]

    def release_devices(self) -> None:
        """Do nothing: no devices are in use."""

    def close(self) -> None:
        """Do nothing: nothing runs."""


def null_context(
    work: Path,
    protocol: AnchoredProtocol,
    trainer: Trainer,
    generator: Generator,
    progress: Progress = lambda _name, _done, _of: None,
) -> EvaluationContext:
    """Build a context without a base model: the tokenizer of demo@1, any tools, real protocol and store."""
    store = StageCache(work / "stages")
    return EvaluationContext(
        protocol=protocol,
        setup=Setup(
            model="null",
            model_sha256=hashlib.sha256(b"").hexdigest(),
            packages=scoring_packages(),
            hardware="none",
            seed=protocol.sft.seed,
            pipeline=PIPELINE,
        ),
        model=work / "base",
        template=load_template(protocol.template, TOKENIZER.parent),
        executor=LocalExecutor(Worker(work / "base", trainer, generator, work / "models", together=False)),
        store=store,
        costs=CostLog(store),
        profile=load_profile("cpu"),
        progress=progress,
    )
