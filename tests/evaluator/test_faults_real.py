"""SIGKILL at random moments of `score` with the real crew, trainer and engine."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from evaluator.config.profile import load_profile
from evaluator.models.environment import describe_setup
from evaluator.runtime.resource_usage import FILE, ResourceUsage
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.tracks.protocols import load_protocol
from submissions.arena.arena import commit_with_retry
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.evaluation_factories import make_anchors
from tests.support.factories import make_benchmark, make_rows, write_delivery
from tests.support.fault_injection.scenarios import SEED, TASKS
from tests.support.paths import ROOT
from tests.support.processes import all_end

# In every run, one is killed at one moment: test_end_to_end.py.
pytestmark = [pytest.mark.slow, pytest.mark.full, pytest.mark.timeout(1800)]
MOMENTS = [chance.uniform(0.2, 1.0) for chance in [random.Random(SEED)] for _ in range(3)]
"""Shares of the time that an undisturbed evaluation takes."""
MARK = 1e6
"""Seconds that a model is made to claim it took: the claim is found in the ledger if the model was used as it lay."""


@dataclass(frozen=True)
class Undisturbed:
    """An evaluation that nobody killed."""

    result: bytes
    seconds: float


class Runs:
    """A benchmark, a delivery, and evaluations of it in processes of their own."""

    def __init__(self, folder: Path, tiny: Path) -> None:
        self._folder, self._tiny = folder, tiny
        rules = load_protocol("demo@1")
        benchmark = make_benchmark(folder / "benchmark", TASKS)
        bench = null_context(folder / "anchors", rules, NullTrainer(), NullGenerator())
        anchors = make_anchors(bench, benchmark, TASKS, describe_setup(tiny, rules, load_profile("cpu")))
        commit_with_retry(benchmark.repo, [Change("anchors/demo@1.json", to_json(anchors))])
        write_delivery(folder / "mine", {task.id: make_rows(task.id, 32, start=200) for task in TASKS})

    def begin(self, name: str) -> tuple[Path, subprocess.Popen[bytes]]:
        """Start or go on; the folder of the Result, and the process."""
        out = self._folder / name
        base = out / "work" / "base" / "tiny-llama@1"
        if not base.exists():
            shutil.copytree(self._tiny, base)
        command = ["score", self._folder / "mine", "--benchmark", self._folder / "benchmark", "--out", out]
        whole = [sys.executable, "-m", "evaluator", *map(str, command)]
        with out.with_suffix(".log").open("ab") as log:
            return out, subprocess.Popen(whole, cwd=ROOT, stdout=log, stderr=log)

    def whole(self, name: str) -> Path:
        """Run to the end."""
        out, process = self.begin(name)
        assert process.wait() == 0, out.with_suffix(".log").read_text()
        return out

    def killed(self, name: str, seconds: float) -> Path:
        """Run, and be killed after so many seconds, if it still runs; nobody of it is left."""
        out, process = self.begin(name)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            family = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
            process.kill()
            process.wait()
            all_end(family)
        return out


@pytest.fixture(scope="module")
def runs(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"), tiny)


@pytest.fixture(scope="module")
def undisturbed(runs: Runs) -> Undisturbed:
    began = time.perf_counter()
    result = (runs.whole("undisturbed") / "result.json").read_bytes()
    return Undisturbed(result, time.perf_counter() - began)


@pytest.mark.parametrize("moment", range(len(MOMENTS)))
def test_a_real_evaluation_killed_at_a_random_moment_ends_as_if_it_was_not(
    runs: Runs, undisturbed: Undisturbed, moment: int
) -> None:
    name = f"moment-{moment}"
    out = runs.killed(name, undisturbed.seconds * MOMENTS[moment])
    stages, models = out / "work" / "stages", out / "work" / "models"
    outputs = {file: file.stat().st_mtime_ns for file in stages.glob("*/*.json")}
    trained = [model.parents[1].name for model in models.glob(f"*/model/{FILE}")]
    for key in trained:
        file = models / key / "model" / FILE
        spent = ResourceUsage.model_validate_json(file.read_bytes())
        file.write_text(spent.model_copy(update={"seconds": MARK}).model_dump_json())
    print(f"killed with {len(outputs)} outputs and {len(trained)} finished models")
    runs.whole(name)
    assert (out / "result.json").read_bytes() == undisturbed.result
    costs = [stages / "cost" / f"{key}.json" for key in trained]
    again = {file: file.stat().st_mtime_ns for file in outputs if file not in costs}
    assert again == {file: when for file, when in outputs.items() if file not in costs}, "what was stored stays"
    unfinished = [file for file in costs if (stages / "fine_tune" / file.name).with_suffix(".json") not in outputs]
    assert all(ResourceUsage.model_validate_json(file.read_bytes()).seconds >= MARK for file in unfinished)
    assert not list(models.glob("*")), "no model is kept"
    assert not list(out.rglob(".part-*"))
