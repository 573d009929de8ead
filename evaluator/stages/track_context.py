"""Evaluation contexts of any track: protocol, store of finished work, and the tools that a track opens.

`TrackContext` needs no model; `ModelContext` adds the base model and workers that train it and ask it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol as Seam
from typing import Self, TypeVar

from evaluator.config.profile import Profile
from evaluator.config.protocol import Protocol
from evaluator.models.chat_template import ChatTemplate
from evaluator.models.environment import PIPELINE, scoring_packages
from evaluator.runtime.cost_log import CostLog
from evaluator.runtime.resource_usage import ResourceUsage
from evaluator.runtime.stage_cache import StageCache, cache_key
from evaluator.scheduling import Executor, UnitResult, WorkUnit
from evaluator.scoring.eval_set import ModelAnswers
from evaluator.training import Progress
from submissions.records.anchors import Setup
from submissions.records.base import Record

R = TypeVar("R", bound=Record)


class KeyedRequest(Seam):
    """Work of a model whose answers are stored under a key."""

    @property
    def stage(self) -> str:
        """Stage that stores the answers."""

    @property
    def key(self) -> str:
        """Hash of all inputs that shape the answers; two requests of one key have the same."""

    @property
    def task_id(self) -> str:
        """Task that the work is paid for."""


Q = TypeVar("Q", bound=KeyedRequest)


@dataclass(frozen=True)
class ToolSettings:
    """Machine and connections from which a context's tools are opened."""

    profile: Profile
    work: Path
    """Folder for finished work."""
    progress: Progress = lambda _name, _done, _of: None
    logs: Path | None = None
    """Folder for logs; None for `work/logs`."""
    judge: Path | None = None
    """Connection file of a judge's chat model."""
    no_judge: bool = False
    """True to leave out what a judge measures."""


@dataclass(frozen=True)
class TrackContext:
    """Protocol and tools of one run."""

    protocol: Protocol
    setup: Setup
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


@contextmanager
def open_track_context(protocol: Protocol, settings: ToolSettings) -> Iterator[TrackContext]:
    """Open the context of a track that needs no model and no worker."""
    store = StageCache(settings.work / "stages")
    setup = Setup(
        model="none",
        model_sha256=hashlib.sha256(b"").hexdigest(),
        packages=scoring_packages(),
        hardware="none",
        seed=0,
        pipeline=PIPELINE,
    )
    yield TrackContext(protocol, setup, store, CostLog(store), settings.profile, settings.progress)


@dataclass(frozen=True)
class ModelContext(TrackContext):
    """Context of a track that trains models, or asks them."""

    model: Path
    """Folder of the untouched base model."""
    template: ChatTemplate
    executor: Executor

    def run_units(
        self, requests: Sequence[Q], build_unit: Callable[[Q], WorkUnit]
    ) -> Generator[tuple[Q, ModelAnswers], None, None]:
        """Yield each request with its answers: stored ones first, the rest as they finish and are stored."""
        left: dict[str, list[Q]] = {}
        known = []
        for ask in requests:
            found = self.store.get(ask.stage, ask.key, ModelAnswers)
            if found is None:
                left.setdefault(ask.key, []).append(ask)
            else:
                known.append(ask.key)
                yield self._attribute_cost(ask, found)
        self.executor.discard_models(known)  # a run killed after its last answer may leave a model
        units = {key: partial(build_unit, same[0]) for key, same in left.items()}
        with closing(self.executor.run(units, self.progress)) as finished:
            for done in finished:
                answered = self._store_answers(left[done.key][0], done)
                self.executor.discard_models([done.key])
                for ask in left[done.key]:
                    yield self._attribute_cost(ask, answered)

    def _attribute_cost(self, ask: Q, answered: ModelAnswers) -> tuple[Q, ModelAnswers]:
        self.costs.attribute(ask.task_id, ask.stage, ask.key)
        return ask, answered

    def _store_answers(self, ask: KeyedRequest, done: UnitResult) -> ModelAnswers:
        answered = ModelAnswers(
            task=ask.task_id,
            texts=tuple(completion.text for completion in done.completions),
            tokens=sum(completion.tokens for completion in done.completions),
        )
        self.costs.record(done.key, done.spent)
        self.store.put(ask.stage, done.key, answered)
        return answered
