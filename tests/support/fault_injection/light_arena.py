"""`score` in a process of its own that can be killed at each step: real command, store and records, light tools.

Run as a module it is a launcher: imports are paid once, and each job on its stdin is forked into a fresh process.
The steps are counted from outside of the evaluator: calls of `os` that change the folder, and the begin of stages.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from evaluator.cli.app import app
from evaluator.generation import Completion
from evaluator.runtime.resource_usage import FILE, ResourceUsage
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.context import EvaluationContext
from evaluator.stages.track_context import ToolSettings
from evaluator.testing.null_backend import null_context
from evaluator.tracks import context_pool
from evaluator.tracks.dataset_research import evaluation
from evaluator.training import PendingSave, Progress, TrainJob, TrainResult
from tests.support.paths import ROOT

CHANGES = ("replace", "rename", "fsync", "mkdir", "unlink", "rmdir")
STAGES = (
    "_check_rows",
    "_build_eval_sets",
    "_screen_tasks",
    "_run_few_shot",
    "_run_fine_tune",
    "save_records",
    "write_ledger",
    "build_result",
)
"""What the track calls for its stages, each one name of that module."""


@dataclass(frozen=True)
class Job:
    """One run of `score`."""

    benchmark: str
    delivery: str
    out: str
    die: int | None = None
    """The step at which it kills itself; None for never."""
    moment: float | None = None
    """Seconds after which it is killed from outside if it still runs; None for never."""
    pause: float = 0.0
    """Seconds that each step of a light training or answer takes."""


class Steps:
    """Counts what happens, writes it down, and ends the process at one of its steps."""

    def __init__(self, out: Path, die: int | None) -> None:
        self._out, self._die, self._count = out, die, 0
        self._said = log_of(out, "steps").open("a")

    def __call__(self, what: str) -> None:
        if self._count == self._die:
            os.kill(os.getpid(), signal.SIGKILL)
        self._count += 1
        self._said.write(f"{what}\n")
        self._said.flush()

    def around(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        """A function with a step before and one after, where it is about the folder."""

        @functools.wraps(real)
        def wrapped(*given: Any, **named: Any) -> Any:
            place = _place(given[-1] if name in ("replace", "rename") else given[0], named.get("dir_fd"))
            if not place.startswith(f"{self._out}/"):
                return real(*given, **named)
            short = _short(place.removeprefix(f"{self._out}/"))
            self(f"before {name} {short}")
            found = real(*given, **named)
            self(f"after {name} {short}")
            return found

        return wrapped

    def started(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        """A stage with a step before."""

        @functools.wraps(real)
        def wrapped(*given: Any, **named: Any) -> Any:
            self(f"start of {name.strip('_')}")
            return real(*given, **named)

        return wrapped


def _place(what: Any, folder: int | None) -> str:
    if isinstance(what, int):
        return str(Path(f"/proc/self/fd/{what}").readlink())
    above = "" if folder is None else Path(f"/proc/self/fd/{folder}").readlink()
    return str(Path(above, what))


def _short(place: str) -> str:
    """Without what is of one run alone, or a hash."""
    return re.sub(r"\.part-\w{8}", ".part", re.sub(r"[0-9a-f]{64}", "KEY", place))


class LightTrainer:
    """Its weights are the hash of what it is given; a model's folder appears as that of the real trainer does."""

    def __init__(self, out: Path, step: Steps, pause: float) -> None:
        self._log, self._step, self._pause = log_of(out, "trainings"), step, pause

    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        key = job.out.parent.name
        self._step(f"training of {job.name} begins")
        self._note(f"began {key}")
        weights = hashlib.sha256(job.rows.read_bytes() + bytes([job.seed]))
        for number in range(1, 4):
            threading.Event().wait(self._pause)
            progress(job.name, number, 3)
        part = job.out.with_name(f".part-{job.out.name}")
        part.mkdir(exist_ok=True)
        (part / "weights").write_text(weights.hexdigest())
        (part / FILE).write_text(ResourceUsage(seconds=1, tokens_trained=weights.digest()[0]).model_dump_json())
        part.rename(job.out)
        self._note(f"ended {key}")
        return lambda: TrainResult(job, steps=3, loss=0.0)

    def release_devices(self) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing runs."""

    def _note(self, what: str) -> None:
        with self._log.open("a") as log:
            log.write(f"{what}\n")


class LightGenerator:
    """What it says is the hash of weights and prompt, so an answer of other weights is another one."""

    def __init__(self, out: Path, step: Steps, pause: float) -> None:
        self._log, self._step, self._pause = log_of(out, "answers"), step, pause
        self.last_usage = ResourceUsage(seconds=0)

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
        assert max_new_tokens > 0
        self._step("answering begins")
        weights = (model / "weights").read_text() if model.name == "model" else "base"
        threading.Event().wait(self._pause)
        said = [hashlib.sha256(f"{weights}{prompt}".encode()).digest()[0] for prompt in prompts]
        with self._log.open("a") as log:
            log.write("asked\n")
        self.last_usage = ResourceUsage(seconds=1, tokens_generated=sum(said))
        return [Completion(text=f"the number {1001 + one % 4}", tokens=one, finished=True) for one in said]

    def release_devices(self) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing runs."""


def log_of(out: Path, name: str) -> Path:
    """Where the runs of one folder write down what they did."""
    return out.with_name(f"{out.name}.{name}")


def score(job: Job) -> None:
    """Run the command in this process, watched."""
    out = Path(job.out)
    step = Steps(out, job.die)

    @contextmanager
    def light(protocol: AnchoredProtocol, settings: ToolSettings) -> Iterator[EvaluationContext]:
        tools = LightTrainer(out, step, job.pause), LightGenerator(out, step, job.pause)
        yield null_context(settings.work, protocol, *tools, settings.progress)

    for name in CHANGES:
        setattr(os, name, step.around(name, getattr(os, name)))
    for name in STAGES:
        setattr(evaluation, name, step.started(name, getattr(evaluation, name)))
    context_pool.open_context = light
    app(["score", job.delivery, "--benchmark", job.benchmark, "--out", job.out], standalone_mode=False)


class Launcher:
    """Starts jobs, one after the other, each in a process of its own; `scratch` is for their temporary files."""

    def __init__(self, scratch: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TMPDIR": str(scratch)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def run(self, job: Job) -> int:
        """How the process ended, as subprocess says it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        return int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)


def serve() -> None:
    """The launcher's side: fork a process for every line, and say how it ended."""
    for line in sys.stdin:
        job = Job(**json.loads(line))
        pid = os.fork()
        if not pid:
            _in_child(job)
        if job.moment is not None and not select.select([os.pidfd_open(pid)], [], [], job.moment)[0]:
            os.kill(pid, signal.SIGKILL)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        sys.stdout.flush()


def _in_child(job: Job) -> None:
    """Run a job and end; it never returns."""
    said = os.open(log_of(Path(job.out), "said"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    code = 1
    try:
        score(job)
        code = 0
    finally:
        if code:
            traceback.print_exc()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
