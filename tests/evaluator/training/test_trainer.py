from __future__ import annotations

import gc
import json
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from evaluator.config.profile import load_profile
from evaluator.errors import ChildFailed, DiskFull, Hung, OutOfMemory, TrainingDiverged
from evaluator.models import weight_canary as canary
from evaluator.models.chat_template import ChatTemplate
from evaluator.models.weight_canary import Canary
from evaluator.runtime.resource_usage import FILE, ResourceUsage
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.training import DeepSpeedTrainer, TrainJob, TrainResult
from tests.support import reference_trainer as naive
from tests.support.evaluation_factories import make_protocol
from tests.support.processes import all_end
from tests.support.sweeps import sweep
from tests.support.training_jobs import a_job

pytestmark = pytest.mark.slow

PROTOCOL = make_protocol(sft={"epochs": 2.0})
SIZES = {"odd": 41, "few": 5, "even": 32}
"""Rows by job: no multiple of a step, less than a step, two steps."""
JOBS = ("few", "odd", "even")
"""Their order in one trainer."""
SMALL = 200
"""Tokens of a micro-batch: a step of 16 rows needs several of each rank."""
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Run:
    """What one trainer did with jobs."""

    folder: Path
    trained: dict[str, TrainResult]
    weights: dict[str, Weights]
    steps: list[tuple[str, int, int]]


def trainer(
    tiny: Path, folder: Path, ranks: int, protocol: AnchoredProtocol = PROTOCOL, **changes: object
) -> DeepSpeedTrainer:
    profile = load_profile("cpu").model_copy(update={"ranks": ranks, **changes})
    return DeepSpeedTrainer(tiny, protocol, profile, folder / "trainer.log")


def model_weights(folder: Path) -> Weights:
    """All weights of a model, in however many files."""
    return {name: weight for file in folder.glob("*.safetensors") for name, weight in load_file(file).items()}


def run(tiny: Path, folder: Path, ranks: int, names: list[str], template: ChatTemplate, **changes: object) -> Run:
    """Jobs one after the other, the trainer at rest in between, and waiting for the models only in the end."""
    mine = trainer(tiny, folder, ranks, **changes)
    jobs = [a_job(folder, name, SIZES[name], template) for name in names]
    steps: list[tuple[str, int, int]] = []
    savings = []
    for job in jobs:
        savings.append(mine.train(job, lambda name, step, of: steps.append((name, step, of))))
        mine.release_devices()
    done = [saving() for saving in savings]
    mine.close()
    weights = {job.name: model_weights(job.out) for job in jobs}
    return Run(folder, {one.job.name: one for one in done}, weights, steps)


class Runs:
    """The same jobs in every shape of work, each trained when a test first asks for it."""

    def __init__(self, folder: Path, tiny: Path, template: ChatTemplate) -> None:
        self._folder, self._tiny, self._template = folder, tiny, template

    def _train(self, name: str, ranks: int, names: Sequence[str], **changes: object) -> Run:
        return run(self._tiny, self._folder / name, ranks, list(names), self._template, **changes)

    @cached_property
    def two(self) -> Run:
        return self._train("two", 2, JOBS, micro_tokens=SMALL)

    @cached_property
    def one(self) -> Run:
        return self._train("one", 1, JOBS)

    @cached_property
    def alone(self) -> Run:
        """The last job of `two` by a process that did nothing before."""
        return self._train("alone", 2, ["even"], micro_tokens=SMALL)

    @cached_property
    def three(self) -> Run:
        changes = {"gradient_checkpointing": True, "loss_chunk": 7, "micro_tokens": SMALL}
        return self._train("three", 3, ["odd", "even"], **changes)

    @cached_property
    def stage_1(self) -> Run:
        return self._train("stage_1", 2, ["even"], zero_stage=1, micro_tokens=SMALL)

    @cached_property
    def stage_2(self) -> Run:
        return self._train("stage_2", 2, ["few", "even"], zero_stage=2, micro_tokens=SMALL)

    @cached_property
    def stage_2_alone(self) -> Run:
        return self._train("stage_2_alone", 2, ["even"], zero_stage=2, micro_tokens=SMALL)


@pytest.fixture(scope="module")
def runs(tiny: Path, template: ChatTemplate, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"), tiny, template)


def furthest(one: Weights, two: Weights) -> float:
    """The largest difference of a weight."""
    assert one.keys() == two.keys()
    return max(float((one[name] - two[name]).abs().max()) for name in one)


SHAPES = {"one": JOBS, "two": JOBS, "three": ("odd", "even"), "stage_1": ("even",), "stage_2": ("few", "even")}
"""One, two and three ranks, ZeRO's three stages, micro-batches, activations and logits computed again."""


@pytest.mark.parametrize(
    ("shape", "name"), [(shape, name) for shape, names in SHAPES.items() for name in names if shape[:5] != "stage"]
)
def test_every_shape_of_work_trains_what_a_plain_loop_trains(runs: Runs, tiny: Path, shape: str, name: str) -> None:
    assert_as_plain_loop(getattr(runs, shape), tiny, name)


@pytest.mark.full
@pytest.mark.parametrize("shape", ["stage_1", "stage_2"])
def test_zero_s_other_stages_train_what_a_plain_loop_trains(runs: Runs, tiny: Path, shape: str) -> None:
    for name in SHAPES[shape]:
        assert_as_plain_loop(getattr(runs, shape), tiny, name)


def assert_as_plain_loop(mine: Run, tiny: Path, name: str) -> None:
    """Rounding aside: gradients are summed in another order, and AdamW makes the most of a gradient near 0."""
    weights, losses = train_plainly(tiny, name, str(mine.folder / f"{name}.jsonl"))
    moved = furthest(weights, load_file(tiny / "model.safetensors"))
    assert moved > 1e-3
    assert furthest(mine.weights[name], weights) < 0.03 * moved
    assert mine.trained[name].losses == pytest.approx(losses, abs=1e-4)
    assert mine.trained[name].steps == len(losses)
    assert mine.trained[name].loss == pytest.approx(sum(losses[-5:]) / len(losses[-5:]), abs=1e-4)


PLAIN: dict[str, tuple[Weights, list[float]]] = {}


def train_plainly(tiny: Path, name: str, rows: str) -> tuple[Weights, list[float]]:
    """What the plain loop makes of a job, whose rows are the same in every shape."""
    if name not in PLAIN:
        PLAIN[name] = naive.trained(tiny, Path(rows), PROTOCOL.sft)
    return PLAIN[name]


@pytest.mark.parametrize("pair", sweep(["two", "stage_2"], in_short=["two"]))
def test_a_job_after_others_is_as_a_job_alone(runs: Runs, pair: str) -> None:
    """Bit for bit, though the model stayed loaded and the trainer rested in between."""
    warm, fresh = (runs.two, runs.alone) if pair == "two" else (runs.stage_2, runs.stage_2_alone)
    assert furthest(warm.weights["even"], fresh.weights["even"]) == 0.0
    assert warm.trained["even"].losses == fresh.trained["even"].losses


def test_every_step_is_reported_and_jobs_come_in_order(runs: Runs) -> None:
    expected = [(name, step, of) for name, of in (("few", 2), ("odd", 6), ("even", 4)) for step in range(1, of + 1)]
    assert runs.two.steps == expected
    assert list(runs.two.trained) == ["few", "odd", "even"]


def test_a_model_folder_is_whole_and_alone(runs: Runs) -> None:
    beside = {"config.json", "generation_config.json", "spent.json", "canary.json"}
    parts = {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"}
    for mine, weights in ((runs.one, {"model.safetensors"}), (runs.two, parts)):
        for job in mine.trained.values():
            assert {file.name for file in job.job.out.iterdir()} == beside | weights
        assert not list(mine.folder.glob(".part-*"))


def test_ranks_write_equal_shares(runs: Runs) -> None:
    """The largest weight of the tiny model is its embedding; the rest together is smaller."""
    shares = [load_file(file) for file in sorted((runs.three.folder / "odd").glob("*.safetensors"))]
    assert len(shares) == 3
    sizes = [sum(weight.numel() for weight in share.values()) for share in shares]
    largest = max(weight.numel() for share in shares for weight in share.values())
    assert max(sizes) - min(sizes) <= largest
    assert sum(map(len, shares)) == len(runs.one.weights["odd"])


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


def spent(of: Run, name: str) -> ResourceUsage:
    return ResourceUsage.model_validate_json((of.trained[name].job.out / FILE).read_bytes())


@pytest.mark.parametrize("shape", sweep(["one", "two", "stage_2"], in_short=["one", "two"]))
def test_the_canary_is_what_transformers_says_of_the_written_model(runs: Runs, tiny: Path, shape: str) -> None:
    out = getattr(runs, shape).trained["even"].job.out
    found = Canary.model_validate_json((out / canary.FILE).read_bytes())
    assert len(found.logprobs) == len(found.base_logprobs) == len(found.ids) - found.start
    for model, said in ((out, found.logprobs), (tiny, found.base_logprobs)):
        assert logprobs(model, found) == pytest.approx(said, abs=1e-4)
    assert sum(found.logprobs) > sum(found.base_logprobs) + 1


def logprobs(model: Path, of: Canary) -> list[float]:
    """Log-probabilities of the target tokens by a plain forward pass."""
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype="float32", attn_implementation="eager")
    with torch.no_grad():
        logits = loaded(input_ids=torch.tensor([of.ids])).logits[0].log_softmax(-1)
    return [float(logits[place - 1, of.ids[place]]) for place in range(of.start, len(of.ids))]


def test_bfloat16_is_trained_written_and_restored(tiny: Path, template: ChatTemplate, tmp_path: Path) -> None:
    """The optimizer keeps float32; the same job twice, with another between, has the same weights bit for bit."""
    mine = trainer(
        tiny, tmp_path, 2, make_protocol(sft={"epochs": 2.0}, base_model={"dtype": "bfloat16"}), micro_tokens=SMALL
    )
    jobs = [a_job(tmp_path / place, "even", 32, template) for place in ("first", "again")]
    other = a_job(tmp_path, "few", 5, template)
    done = [mine.train(job, lambda *_: None) for job in (jobs[0], other, jobs[1])]
    first, _, again = (saving() for saving in done)
    mine.close()
    _, losses = naive.trained(tiny, jobs[0].rows, PROTOCOL.sft)
    assert first.losses == pytest.approx(losses, abs=0.05)
    assert first.losses == again.losses
    weights = model_weights(jobs[0].out)
    assert {weight.dtype for weight in weights.values()} == {torch.bfloat16}
    assert furthest(weights, model_weights(jobs[1].out)) == 0.0
    found = Canary.model_validate_json((jobs[0].out / canary.FILE).read_bytes())
    assert logprobs(jobs[0].out, found) == pytest.approx(found.logprobs, abs=0.1)


def test_after_a_job_that_failed_the_next_is_as_a_job_alone(
    runs: Runs, tiny: Path, template: ChatTemplate, tmp_path: Path
) -> None:
    """A loss that is no number is an error and no model; the job after it meets a fresh process."""
    mine = trainer(tiny, tmp_path, 2, micro_tokens=SMALL)
    mine.protocol = make_protocol(sft={"epochs": 2.0, "learning_rate": 1e30, "warmup_ratio": 0.0})
    lost, good = a_job(tmp_path, "lost", 32, template), a_job(tmp_path, "even", SIZES["even"], template)
    with pytest.raises(TrainingDiverged, match="loss of lost is nan") as failed:
        mine.train(lost, lambda *_: None)
    assert str(tmp_path / "trainer.log") in str(failed.value)
    assert not lost.out.exists()
    assert not list(tmp_path.glob(".part-*"))
    mine.protocol = PROTOCOL
    assert mine.train(good, lambda *_: None)().losses == runs.alone.trained["even"].losses
    assert furthest(model_weights(good.out), runs.alone.weights["even"]) == 0.0
    mine.close()


def family() -> list[psutil.Process]:
    """The launcher of a trainer and all below it."""
    mine = psutil.Process().children()  # a browser of other tests may be among them
    (launcher,) = (process for process in mine if "evaluator.training.rank.launch" in process.cmdline())
    return [launcher, *launcher.children(recursive=True)]


def ranks_of(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """By rank."""
    ranks = [process for process in processes if "evaluator.training.rank.main" in process.cmdline()]
    return sorted(ranks, key=lambda process: int(process.environ()["RANK"]))


@dataclass
class Strike:
    """Does something to the last rank at the first step."""

    blow: Callable[[psutil.Process], None]
    processes: Sequence[psutil.Process] = ()

    def __call__(self, _name: str, _step: int, _of: int) -> None:
        if not self.processes:
            self.processes = family()
            self.blow(ranks_of(self.processes)[-1])


def test_a_killed_trainer_is_named_with_its_log_and_leaves_nobody(
    tiny: Path, template: ChatTemplate, tmp_path: Path
) -> None:
    strike = Strike(lambda rank: rank.send_signal(signal.SIGKILL))
    job = a_job(tmp_path, "killed", 400, template)
    with pytest.raises(ChildFailed, match="The trainer went away") as failed:
        trainer(tiny, tmp_path, 2).train(job, strike)
    assert str(tmp_path / "trainer.log") in str(failed.value)
    assert "Rank 1 of 2 was ended by SIGKILL: ending the other ranks." in (tmp_path / "trainer.log").read_text()
    assert not job.out.exists()
    all_end([process.pid for process in strike.processes])


def test_a_collective_that_hangs_is_noticed_and_leaves_nobody(
    tiny: Path, template: ChatTemplate, tmp_path: Path
) -> None:
    strike = Strike(lambda rank: rank.send_signal(signal.SIGSTOP))
    job = a_job(tmp_path, "stopped", 400, template)
    mine = trainer(tiny, tmp_path, 2)
    mine.profile = mine.profile.model_copy(update={"silent_seconds": 20.0})
    with pytest.raises(Hung, match="The trainer was silent for 20 s"):
        mine.train(job, strike)
    assert not job.out.exists()
    all_end([process.pid for process in strike.processes])


@pytest.mark.parametrize("rank", sweep([0, 1], in_short=[1]))
def test_a_rank_without_memory_says_so(tiny: Path, template: ChatTemplate, tmp_path: Path, rank: int) -> None:
    """Its address space is closed by the kernel, after a job that was small enough; then PyTorch cannot allocate."""
    mine = trainer(tiny, tmp_path, 2, micro_tokens=100_000)
    mine.train(a_job(tmp_path, "small", 5, template), lambda *_: None)()
    processes = family()
    poor = ranks_of(processes)[rank]
    poor.rlimit(psutil.RLIMIT_AS, (poor.memory_info().vms + 2**28, -1))
    with pytest.raises(OutOfMemory, match=rf"can't allocate memory.*\(rank {rank}\)") as failed:
        mine.train(long_rows(tmp_path, "large"), lambda *_: None)
    assert str(tmp_path / "trainer.log") in str(failed.value)
    all_end([process.pid for process in processes])


def long_rows(folder: Path, name: str) -> TrainJob:
    """Rows whose logits alone are 400 MB on each of two ranks."""
    rows = folder / f"{name}.jsonl"
    row = json.dumps({"input_ids": [5] * 3000, "labels": [5] * 3000})
    rows.write_text(f"{row}\n" * 16)
    return TrainJob(name, rows, folder / name, seed=1)


@pytest.mark.full  # a rank without memory is in every run
def test_a_full_disk_is_named_and_the_job_after_it_is_written(
    tiny: Path, template: ChatTemplate, tmp_path: Path
) -> None:
    """The second rank's file leads to /dev/full; the next job already trains while the first is written."""
    mine = trainer(tiny, tmp_path, 2)
    full, next_one, last = (a_job(tmp_path, name, 5, template) for name in ("full", "next", "last"))

    def fill(_name: str, step: int, _of: int) -> None:
        if step == 1:
            (tmp_path / ".part-full" / "model-00002-of-00002.safetensors").symlink_to("/dev/full")

    saving = mine.train(full, fill)
    processes = family()
    after = mine.train(next_one, lambda *_: None)
    for _ in range(2):  # whoever asks again hears it again
        with pytest.raises(DiskFull, match=r"could not write a model: .*No space left on device"):
            saving()
    assert after().job == next_one
    assert next_one.out.is_dir()
    assert not full.out.exists()
    assert not list(tmp_path.glob(".part-*"))
    mine.train(last, lambda *_: None)()
    all_end([process.pid for process in processes])  # a job that failed ends its group
    assert furthest(model_weights(last.out), model_weights(next_one.out)) > 0
    mine.close()


def test_a_trainer_that_nobody_holds_leaves_nobody(tiny: Path, template: ChatTemplate, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    mine = trainer(tiny, tmp_path, 1)
    mine.train(a_job(tmp_path, "dropped", 5, template), lambda *_: None)()
    processes = family()
    del mine
    gc.collect()
    all_end([process.pid for process in processes])
    assert set(threading.enumerate()) <= before, "threads of earlier tests may end meanwhile; none is new"


def test_no_jobs_start_no_process(tiny: Path, tmp_path: Path) -> None:
    idle = trainer(tiny, tmp_path, 2)
    idle.release_devices()
    idle.close()
    assert not (tmp_path / "trainer.log").exists()
