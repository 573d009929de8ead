from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file

from evaluator.errors import ChildFailed, TrainingDiverged
from evaluator.profile import load_profile
from evaluator.protocol import Protocol
from evaluator.spent import FILE, Spent
from evaluator.template import Template
from evaluator.trainer import DeepSpeedTrainer, Trained
from tests.evaluator import naive
from tests.evaluator.jobs import a_job
from tests.evaluator.processes import all_end
from tests.evaluator.worlds import demo

pytestmark = pytest.mark.slow

PROTOCOL = demo(sft={"epochs": 2.0})
SIZES = {"odd": 41, "few": 5, "even": 32}
"""Rows by job: no multiple of a step, less than a step, two steps."""
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Run:
    """What one trainer did with jobs."""

    folder: Path
    trained: dict[str, Trained]
    weights: dict[str, Weights]
    steps: list[tuple[str, int, int]]


@dataclass(frozen=True)
class Runs:
    """The same jobs on two ranks, on one, and one of them alone."""

    two: Run
    one: Run
    alone: Run


def trainer(tiny: Path, folder: Path, ranks: int, protocol: Protocol = PROTOCOL) -> DeepSpeedTrainer:
    profile = load_profile("cpu").model_copy(update={"ranks": ranks})
    return DeepSpeedTrainer(tiny, protocol, profile, folder / "trainer.log")


def run(tiny: Path, folder: Path, ranks: int, names: list[str], template: Template) -> Run:
    jobs = [a_job(folder, name, SIZES[name], template) for name in names]
    steps: list[tuple[str, int, int]] = []
    done = list(trainer(tiny, folder, ranks).train(jobs, lambda name, step, of: steps.append((name, step, of))))
    weights = {job.name: load_file(job.out / "model.safetensors") for job in jobs}
    return Run(folder, {one.job.name: one for one in done}, weights, steps)


@pytest.fixture(scope="module")
def runs(tiny: Path, template: Template, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("runs")
    names = ["few", "odd", "even"]
    return Runs(
        two=run(tiny, folder / "two", 2, names, template),
        one=run(tiny, folder / "one", 1, names, template),
        alone=run(tiny, folder / "alone", 2, ["even"], template),
    )


def furthest(one: Weights, two: Weights) -> float:
    """The largest difference of a weight."""
    assert one.keys() == two.keys()
    return max(float((one[name] - two[name]).abs().max()) for name in one)


@pytest.mark.parametrize("name", SIZES)
def test_every_number_of_ranks_trains_what_a_plain_loop_trains(runs: Runs, tiny: Path, name: str) -> None:
    """Rounding aside: gradients are summed in another order, and AdamW makes the most of a gradient near 0."""
    base = load_file(tiny / "model.safetensors")
    weights, losses = naive.trained(tiny, runs.one.folder / f"{name}.jsonl", PROTOCOL.sft)
    moved = furthest(weights, base)
    assert moved > 1e-3
    for mine in (runs.one, runs.two):
        assert furthest(mine.weights[name], weights) < 0.03 * moved
        assert mine.trained[name].steps == len(losses)
        assert mine.trained[name].loss == pytest.approx(sum(losses[-5:]) / len(losses[-5:]), abs=1e-4)


def test_a_job_after_others_is_as_a_job_alone(runs: Runs) -> None:
    assert furthest(runs.two.weights["even"], runs.alone.weights["even"]) == 0.0


def test_every_step_is_reported_and_jobs_come_in_order(runs: Runs) -> None:
    seen = dict.fromkeys(runs.two.steps)
    expected = [(name, step, of) for name, of in (("few", 2), ("odd", 6), ("even", 4)) for step in range(1, of + 1)]
    assert list(seen) == expected
    assert list(runs.two.trained) == ["few", "odd", "even"]


def test_a_model_folder_is_whole_and_alone(runs: Runs) -> None:
    for job in runs.two.trained.values():
        files = {file.name for file in job.job.out.iterdir()}
        assert {"config.json", "model.safetensors"} <= files
    assert not list(runs.two.folder.glob(".part-*"))


@pytest.mark.parametrize("name", SIZES)
def test_a_model_says_what_its_training_took(runs: Runs, name: str) -> None:
    """Rows have prompts and targets of different lengths; each is trained on once in each of the two epochs."""
    rows = [json.loads(line) for line in (runs.one.folder / f"{name}.jsonl").read_text().splitlines()]
    tokens = PROTOCOL.sft.epochs * sum(len(row["input_ids"]) for row in rows)
    one, two = (spent(mine, name) for mine in (runs.one, runs.two))
    assert one.tokens_trained == two.tokens_trained == tokens
    assert one.tokens_generated == two.tokens_generated == 0
    weights = sum(tensor.nbytes for tensor in runs.one.weights[name].values())
    for mine in (one, two):
        assert mine.seconds > 0
        assert mine.peak_bytes
        assert mine.peak_bytes > 4 * weights, "weights, gradients and the two moments of AdamW"
    assert two.peak_bytes > one.peak_bytes, "each rank has its own libraries"


def spent(of: Run, name: str) -> Spent:
    return Spent.model_validate_json((of.trained[name].job.out / FILE).read_bytes())


def test_a_loss_that_is_no_number_is_an_error_and_no_model(tiny: Path, template: Template, tmp_path: Path) -> None:
    lost = demo(sft={"epochs": 2.0, "learning_rate": 1e30, "warmup_ratio": 0.0})
    job = a_job(tmp_path, "lost", 32, template)
    with pytest.raises(TrainingDiverged, match="loss of lost is nan") as failed:
        list(trainer(tiny, tmp_path, 1, lost).train([job], lambda *_: None))
    assert str(tmp_path / "trainer.log") in str(failed.value)
    assert not job.out.exists()


def test_a_killed_trainer_is_named_with_its_log_and_leaves_nobody(
    tiny: Path, template: Template, tmp_path: Path
) -> None:
    family: list[psutil.Process] = []

    def kill_a_rank(_name: str, _step: int, _of: int) -> None:
        if not family:
            mine = psutil.Process().children()  # a browser of other tests may be among them
            (launcher,) = (process for process in mine if "evaluator.trainer.launch" in process.cmdline())
            family.extend([launcher, *launcher.children(recursive=True)])
            ranks = [process for process in family if "evaluator.trainer.sft" in process.cmdline()]
            ranks[-1].send_signal(signal.SIGKILL)

    job = a_job(tmp_path, "killed", 400, template)
    with pytest.raises(ChildFailed, match="The trainer went away") as failed:
        list(trainer(tiny, tmp_path, 2).train([job], kill_a_rank))
    assert str(tmp_path / "trainer.log") in str(failed.value)
    assert not job.out.exists()
    all_end([process.pid for process in family])


def test_ranks_that_do_not_divide_the_batch_are_refused(tiny: Path, template: Template, tmp_path: Path) -> None:
    profile = load_profile("cpu").model_copy(update={"ranks": 1, "micro_batch": 5})
    job = a_job(tmp_path, "uneven", 5, template)
    uneven = DeepSpeedTrainer(tiny, PROTOCOL, profile, tmp_path / "trainer.log")
    with pytest.raises(ChildFailed, match="do not divide the global batch 16"):
        list(uneven.train([job], lambda *_: None))


def test_no_jobs_start_no_process(tiny: Path, tmp_path: Path) -> None:
    assert list(trainer(tiny, tmp_path, 2).train([], lambda *_: None)) == []
    assert not (tmp_path / "trainer.log").exists()
