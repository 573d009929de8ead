"""Light stations that Ray's workers can import: they write down what they did, where, and wait where they are told."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import ray

from evaluator.config.profile import Profile, load_profile
from evaluator.errors import ChildFailed
from evaluator.generation import Completion
from evaluator.models.chat_template import Example
from evaluator.scheduling import TrainingSpec, UnitResult, Units, Worker, WorkUnit
from evaluator.testing.null_backend import NullGenerator, NullTrainer
from evaluator.training import PendingSave, Progress, TrainJob
from submissions.records.anchors import Setup
from tests.support.evaluation_factories import SETUP
from tests.support.processes import until

FAILS, KILLS, WAITS = "fails", "kills", "waits"
"""How a unit's name begins that fails, that kills its station, and that waits until it is let go."""


def a_profile(**changes: object) -> Profile:
    return load_profile("cpu").model_copy(update={"cpus": 1, **changes})


def gpus(count: int, **changes: object) -> Profile:
    """A profile of stations with fake GPUs."""
    return a_profile(device="cuda", devices=count, **changes)


def a_unit(name: str, trained: bool = True, prompts: int = 2) -> WorkUnit:
    training = TrainingSpec([Example([1, 2, 3], [-100, 2, 3])], seed=42) if trained else None
    return WorkUnit(name, f"key-{name}", [[number] for number in range(prompts)], 9, training)


def units(names: Collection[str], **given: Any) -> Units:
    return {f"key-{name}": partial(a_unit, name, **given) for name in names}


def keys(names: list[str]) -> list[str]:
    return sorted(f"key-{name}" for name in names)


@dataclass(frozen=True)
class Diary:
    """A folder that all stations write to: one file for each thing that was done."""

    folder: Path

    def write(self, what: str, name: str, **more: object) -> None:
        node = ray.get_runtime_context().get_node_id()
        devices = os.environ.get("CUDA_VISIBLE_DEVICES")
        entry = {"what": what, "name": name, "pid": os.getpid(), "devices": devices, "node": node}
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{what}-{name}-{os.getpid()}-{threading.get_native_id()}-{os.urandom(4).hex()}"
        path.with_suffix(".part").write_text(json.dumps(entry | more))
        path.with_suffix(".part").rename(path.with_suffix(".json"))

    def read(self, what: str) -> list[dict[str, Any]]:
        return [json.loads(file.read_bytes()) for file in sorted(self.folder.glob(f"{what}-*.json"))]

    def names(self, what: str) -> list[str]:
        return sorted(entry["name"] for entry in self.read(what))

    def let_go(self, name: str = WAITS) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.go").touch()


@dataclass
class DiaryTrainer(NullTrainer):
    """Writes down each training; does what the unit's name says."""

    diary: Diary
    jobs: list[TrainJob] = field(default_factory=list)

    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        self.diary.write("train", job.name, thread=threading.get_native_id())
        progress(job.name, 1, 2)
        if job.name.startswith(KILLS) and not (job.name == f"{KILLS}-once" and len(self.diary.read("train")) > 1):
            psutil.Process().kill()
        if job.name.startswith(FAILS):
            raise ChildFailed(f"{job.name} failed.", "Its log is here.", "the tail")
        if job.name.startswith(WAITS):
            until((self.diary.folder / f"{job.name}.go").exists, f"{job.name} may go on")
        saving = super().train(job, progress)
        self.diary.write("trained", job.name)
        return saving


class DiaryGenerator(NullGenerator):
    def __init__(self, diary: Diary) -> None:
        super().__init__(lambda model, prompt: f"{model.parent.name}:{prompt[0]}")
        self.diary = diary

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
        self.diary.write("ask", model.parent.name)
        return super().generate(model, prompts, max_new_tokens)


@dataclass(frozen=True)
class Light:
    """Opens stations without any real tool."""

    folder: Path
    setup: Setup = SETUP
    odd_node: str = ""
    """The id of a node whose setup is another one."""

    @property
    def diary(self) -> Diary:
        return Diary(self.folder / "diary")

    @property
    def models(self) -> Path:
        return self.folder / "models"

    def __call__(self, logs: str) -> tuple[Worker, Setup]:
        node = ray.get_runtime_context().get_node_id()
        self.diary.write("open", logs or "first")
        station = Worker(
            self.folder / "base",
            DiaryTrainer(self.diary),
            DiaryGenerator(self.diary),
            self.models / node,
            together=False,
        )
        odd = {"hardware": "another"} if node == self.odd_node else {}
        return station, self.setup.model_copy(update=odd)


def nothing(_name: str, _step: int, _of: int) -> None:
    """Progress that nobody watches."""


def by_key(done: Iterator[UnitResult]) -> Mapping[str, list[str]]:
    """The texts of what was done, by unit; no unit comes twice."""
    found: dict[str, list[str]] = {}
    for one in done:
        assert one.key not in found
        found[one.key] = [completion.text for completion in one.completions]
    return found
