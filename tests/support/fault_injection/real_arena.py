"""An arena whose evaluator has the real trainer and the real engine, and faults that strike them while they work."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from evaluator.config.profile import load_profile
from evaluator.generation import VllmGenerator
from evaluator.models.chat_template import load_template
from evaluator.models.environment import describe_setup
from evaluator.runtime.child_process import ChildProcess
from evaluator.runtime.cost_log import CostLog
from evaluator.runtime.stage_cache import StageCache
from evaluator.scheduling import LocalExecutor, Worker
from evaluator.scheduling.retry import RetryPolicy
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.context import EvaluationContext
from evaluator.tracks.context_pool import ContextPool
from evaluator.training import DeepSpeedTrainer
from submissions.arena.arena import Arena, commit_with_retry
from submissions.errors import EvaluatorError
from submissions.records.status import Status
from submissions.records.submission import Submission
from submissions.storage.codec import to_json
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from submissions.submitting.attempts import counts_as_attempt
from tests.support.evaluation_factories import make_anchors, make_protocol
from tests.support.factories import make_benchmark, make_rows, make_task, submit_delivery, write_delivery
from tests.support.processes import all_end

TASKS = [make_task("count")]
"""One, for each fault costs the start of a trainer or an engine for each of them."""
RULES = make_protocol(sft={"epochs": 3.0}, few_shot={"shots": ()})
"""Trainings alone: every unit needs the trainer and then the engine."""
Progress = Callable[[str, int, int], None]


class RealWorld:
    """One evaluator on one arena, and what it failed of."""

    def __init__(self, folder: Path, tiny: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self._patch = folder, patch
        self.arena = Arena(*(LocalRepo(folder / name) for name in ("submissions", "results", "drafts")))
        self.base = folder / "base"
        shutil.copytree(tiny, self.base)
        self.models = folder / "models"
        self.errors: list[EvaluatorError] = []
        self.at_a_step: Progress = lambda _name, _step, _of: None
        self._remember_errors()
        machine = load_profile("cpu").model_copy(update={"tries": 2})
        template = load_template(RULES.template, self.base)
        self.trainer = DeepSpeedTrainer(self.base, RULES, machine, folder / "logs" / "trainer.log")
        generator = VllmGenerator(self.base, RULES, machine, template.stop_ids, folder / "logs" / "engine.log")
        self.station = Worker(self.base, self.trainer, generator, self.models, together=machine.together)
        store = StageCache(folder / "stages")
        self.bench = EvaluationContext(
            protocol=RULES,
            setup=describe_setup(self.base, RULES, machine),
            model=self.base,
            template=template,
            executor=LocalExecutor(self.station, machine.tries),
            store=store,
            costs=CostLog(store),
            profile=machine,
            progress=lambda name, step, of: self.at_a_step(name, step, of),
        )
        self.benchmark = make_benchmark(folder / "benchmark", TASKS)
        anchors = to_json(make_anchors(self.bench, self.benchmark, TASKS))
        commit_with_retry(self.benchmark.repo, [Change(f"anchors/{RULES.name}.json", anchors)])

    def submit(self) -> Submission:
        rows = {task.id: make_rows(task.id, 32, start=200) for task in TASKS}
        return submit_delivery(self.arena, TASKS, write_delivery(self.folder / "mine", rows))

    def work(self, submission: Submission) -> Status:
        """Evaluate once, by a worker that knows nothing of those before; what its submitter then sees."""
        self.errors.clear()
        SubmissionRunner(
            self.arena, self.benchmark, ContextPool.from_context(self.bench), self.folder / "records"
        ).evaluate(submission.id)
        return self.arena.read_history(submission.id).now

    def costs_an_attempt(self, submission: Submission) -> bool:
        return counts_as_attempt(self.arena, submission.id)

    def result(self, submission: Submission) -> bytes:
        return self.arena.results.read(f"results/{submission.id}/{RULES.name}.json")

    def ranks(self) -> list[psutil.Process]:
        """The trainer's processes, by their rank."""
        found = [process for process in family() if process.environ().get("RANK", "").isdecimal()]
        return sorted(found, key=lambda process: int(process.environ()["RANK"]))

    def lose_patience(self, seconds: float) -> None:
        """Have the trainer that runs count as hung after so many seconds, whatever the profile says of others."""
        assert self.trainer._group
        self.trainer._group._silent = seconds

    def _remember_errors(self) -> None:
        real = RetryPolicy.should_retry

        def again(tries: RetryPolicy, name: str, key: str, error: EvaluatorError) -> bool:
            self.errors.append(error)
            return real(tries, name, key, error)

        self._patch.setattr(RetryPolicy, "should_retry", again)

    @contextmanager
    def killing_the_engine(self) -> Iterator[list[int]]:
        """The first engine that is asked something is killed when it has the question; its process and family.

        It is stopped meanwhile, or it might answer first.
        """
        real, killed = ChildProcess.send, list[int]()

        def send(child: ChildProcess, message: Any, *more: Any, **named: Any) -> None:
            is_first = "prompts" in message and not killed
            if is_first:
                engine = psutil.Process(child._process.pid)
                killed.extend([engine.pid, *(one.pid for one in engine.children(recursive=True))])
                engine.suspend()
            real(child, message, *more, **named)
            if is_first:
                engine.kill()

        with self._patch.context() as patch:
            patch.setattr(ChildProcess, "send", send)
            yield killed


def family() -> list[psutil.Process]:
    """Every process of an evaluator below this one."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if process.status() != psutil.STATUS_ZOMBIE and "evaluator." in " ".join(process.cmdline())
    ]


@contextmanager
def real_world(folder: Path, tiny: Path, patch: pytest.MonkeyPatch) -> Iterator[RealWorld]:
    """Afterwards nobody of it is left."""
    world = RealWorld(folder, tiny, patch)
    try:
        yield world
    finally:
        left = [process.pid for process in family()]
        world.station.close()
        all_end(left)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A file system of so many bytes in a folder, and how to give it another size. Skips where none may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    mount, umount = (shutil.which(name) or name for name in ("mount", "umount"))

    def mounted(options: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True)

    done = mounted(f"size={size}")
    if done.returncode:
        pytest.skip(f"NO SMALL DISK: {done.stderr.decode().strip()}; run as one who may mount to test a full disk")
    try:
        yield lambda wanted: mounted(f"remount,size={wanted}").check_returncode()
    finally:
        subprocess.run([umount, "-l", str(folder)], check=True)
