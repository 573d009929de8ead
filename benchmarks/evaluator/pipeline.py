"""End-to-end run of 24 tasks, rows to scores, beside the published pipeline (ways/published.py).

Run `python -m benchmarks.evaluator.pipeline [--tasks N] [--sample N] [--rows N] [--epochs N]`. Ours is
`Workbench.answers` with the profile `cpu` on all tasks, the start and the end of Ray included: one trainer and one
engine for all of them. The published shape is two new processes for each task, so all its tasks take the same: it is
measured on a sample of the tasks and multiplied. Both train the same token ids with the same settings on as many ranks,
and answer the same prompts greedily; the order of the rows is each one's own.

Two things are made cheaper for the published shape than it is: vLLM compiles nothing and starts no process of its own.
Each way trains once unmeasured before, so that both find DeepSpeed's extension compiled and all files in memory.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.evaluator.pipeline_tasks import Sizes, make_request
from evaluator.config.profile import Profile, load_profile
from evaluator.generation import Completion, Generator
from evaluator.models.base_model import prepare_base_model
from evaluator.models.chat_template import load_template
from evaluator.models.environment import describe_setup
from evaluator.runtime.cost_log import CostLog
from evaluator.runtime.resource_usage import FILE, ResourceUsage
from evaluator.runtime.stage_cache import StageCache
from evaluator.scheduling import Worker
from evaluator.scheduling.ray.ray_executor import RayExecutor
from evaluator.scheduling.worker_factory import WorkerFactory
from evaluator.scoring.eval_set import EvalSet
from evaluator.scoring.metrics import MetricResult
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.context import EvaluationContext, ModelRequest
from evaluator.tracks.protocols import load_protocol_as
from evaluator.training import PendingSave, Progress, Trainer, TrainJob, TrainResult
from submissions.records.anchors import Setup

PARTS = ("start and end", "model is loaded", "training", "model is saved", "engine boots", "answering", "the rest")
"""Parts of the measured time; start and end are those of processes, imports included.

Ours loads the base model when its trainer starts and models while the engine answers; its rest is Ray, less the
work done at the same time.
"""
TARGET = 5.0
STANDARD_ERRORS = 3.0
"""Allowed score difference in standard errors, each with the error of a draw of its test items."""
Seconds = dict[str, float]
Texts = dict[str, tuple[str, ...]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluator.pipeline", description=__doc__)
    parser.add_argument("--tasks", type=int, default=24)
    parser.add_argument("--sample", type=int, default=3, help="tasks that the published shape does")
    parser.add_argument("--rows", type=int, default=150)
    parser.add_argument("--items", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=3)
    given = parser.parse_args()
    sizes, times = Sizes(given.rows, given.items), given.tasks / given.sample
    rules = make_protocol(given.epochs, given.items)
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        run_ours(folder / "warm-up", rules, Sizes(16, 2), [given.tasks])
        our_whole, our_parts, our_texts = run_ours(folder / "ours", rules, sizes, range(given.tasks))
        print(f"ours: {our_whole:.0f} s", our_parts, file=sys.stderr)
        with open_timed_context(folder / "published", rules) as bench:  # for its protocol and base model only
            published = PublishedPipeline(bench, folder / "published")
            published.run(make_request(bench, given.tasks, Sizes(16, 2)))
            asks = [make_request(bench, number, sizes) for number in range(given.sample)]
            runs = []
            for number, ask in enumerate(asks, 1):
                runs.append(published.run(ask))
                print(f"published shape: {number} of {len(asks)}, {runs[-1].seconds:.0f} s", file=sys.stderr)
    parts = {part: times * sum(run.took[part] for run in runs) for part in PARTS}
    print(f"{given.tasks} tasks x {given.rows} rows x {given.epochs} epochs, {given.items} test items, ", end="")
    print(f"{os.cpu_count()} cores; the published shape on {given.sample} of the tasks, x {times:g}")
    print_times(our_parts, our_whole, parts, times * sum(run.seconds for run in runs))
    print_scores([(ask.exam, run.texts, our_texts[ask.exam.task.id]) for ask, run in zip(asks, runs, strict=True)])


def make_protocol(epochs: int, items: int) -> AnchoredProtocol:
    """Build demo@1 with other sizes."""
    demo = load_protocol_as("demo@1", AnchoredProtocol)
    sft = demo.sft.model_copy(update={"epochs": float(epochs)})
    return demo.model_copy(update={"sft": sft, "test_items": items})


def print_times(ours: Seconds, our_whole: float, theirs: Seconds, their_whole: float) -> None:
    """Print the time by part, and the ratio."""
    print(f"{'seconds':20}{'published':>11}{'ours':>9}{'ratio':>8}")
    for part in PARTS:
        ratio = f"{theirs[part] / ours[part]:8.1f}" if ours[part] > 0.05 else f"{'':8}"
        print(f"{part:20}{theirs[part]:11.1f}{ours[part]:9.1f}{ratio}")
    print(f"{'all':20}{their_whole:11.1f}{our_whole:9.1f}{their_whole / our_whole:8.1f}  (target {TARGET:g})")


def print_scores(tasks: Sequence[tuple[EvalSet, Sequence[str], Sequence[str]]]) -> None:
    """Print scores of both pipelines by task, and whether they agree within the noise of the test items."""
    print(f"{'task':12}{'metric':>10}{'published':>11}{'ours':>8}{'difference':>12}{'allowed':>9}")
    for exam, theirs, mine in tasks:
        one, two = exam.score(theirs), exam.score(mine)
        difference, allowed = mean_and_error(two)[0] - mean_and_error(one)[0], compute_tolerance(one, two)
        row = f"{mean_and_error(one)[0]:11.3f}{mean_and_error(two)[0]:8.3f}{difference:+12.3f}{allowed:9.3f}"
        print(f"{exam.task.id:12}{one.name:>10}{row}{'' if abs(difference) <= allowed else '  NOT WITHIN NOISE'}")


def compute_tolerance(one: MetricResult, two: MetricResult) -> float:
    """Return the allowed score difference. One item is always allowed: if all or none are right, the error is 0."""
    errors = [max(mean_and_error(each)[1], 1 / len(each.items)) for each in (one, two)]
    return STANDARD_ERRORS * math.hypot(*errors)


def mean_and_error(measured: MetricResult) -> tuple[float, float]:
    """Return the mean over items and its standard error."""
    items = measured.items
    mean = sum(items) / len(items)
    return mean, math.sqrt(sum((item - mean) ** 2 for item in items) / (len(items) - 1) / len(items))


class PartClock:
    """Time by part of one tool, in a file read after its process has ended."""

    def __init__(self, file: Path) -> None:
        self._file, self._took = file, dict.fromkeys(PARTS, 0.0)

    def add(self, **took: float) -> None:
        """Add seconds by part, with part words joined."""
        for part, seconds in took.items():
            self._took[part.replace("_", " ")] += seconds
        self._file.write_text(json.dumps(self._took))


@dataclass
class TimedTrainer:
    """The real trainer, timed."""

    real: Trainer
    clock: PartClock

    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        began = time.perf_counter()
        saving = self.real.train(job, progress)
        called = time.perf_counter() - began

        def finish_save() -> TrainResult:
            waiting = time.perf_counter()
            done = saving()
            spent = ResourceUsage.model_validate_json((job.out / FILE).read_bytes()).seconds
            finish_save = time.perf_counter() - waiting
            self.clock.add(training=spent, start_and_end=max(0.0, called - spent), model_is_saved=finish_save)
            return done

        return finish_save

    def release_devices(self) -> None:
        self.real.release_devices()

    def close(self) -> None:
        self.real.close()


@dataclass
class TimedGenerator:
    """The real generator, timed."""

    real: Generator
    clock: PartClock

    @property
    def last_usage(self) -> ResourceUsage:
        return self.real.last_usage

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
        began = time.perf_counter()
        found = self.real.generate(model, prompts, max_new_tokens)
        called, answering = time.perf_counter() - began, self.real.last_usage.seconds
        self.clock.add(answering=answering, engine_boots=called - answering)
        return found

    def release_devices(self) -> None:
        self.real.release_devices()

    def close(self) -> None:
        self.real.close()


class TimedTools(WorkerFactory):
    """The tools of a worker, each timed."""

    def __call__(self, logs: str) -> tuple[Worker, Setup]:
        station, setup = super().__call__(logs)
        station._trainer = TimedTrainer(station._trainer, PartClock(self.work / "trainer.json"))
        station._generator = TimedGenerator(station._generator, PartClock(self.work / "engine.json"))
        return station, setup


@contextmanager
def open_timed_context(folder: Path, rules: AnchoredProtocol) -> Iterator[EvaluationContext]:
    """Open the context that `open_workbench` makes, under unnamed rules and with clocks."""
    machine, model = load_profile("cpu"), prepare_base_model(rules, folder / "base")
    store = StageCache(folder / "stages")
    tools = TimedTools(rules, machine, folder, folder / "logs")
    with RayExecutor(tools, machine, tools.models, describe_setup(model, rules, machine)) as crew:
        yield EvaluationContext(
            protocol=rules,
            setup=crew.resolve_setup(),
            model=model,
            template=load_template(rules.template, model),
            executor=crew,
            store=store,
            costs=CostLog(store),
            profile=machine,
            progress=lambda *_: None,
        )


def run_ours(
    folder: Path, rules: AnchoredProtocol, sizes: Sizes, numbers: Iterable[int]
) -> tuple[float, Seconds, Texts]:
    """Run tasks: total seconds from Ray's start to its end, seconds by part, and answers by task."""
    prepare_base_model(rules, folder / "base")
    began, texts = time.perf_counter(), {}
    with open_timed_context(folder, rules) as bench:
        for ask, answered in bench.run_requests([make_request(bench, number, sizes) for number in numbers]):
            texts[ask.exam.task.id] = answered.texts
            ask.exam.score(answered.texts)
    whole = time.perf_counter() - began
    clocks = [json.loads((folder / name).read_text()) for name in ("trainer.json", "engine.json")]
    took = {part: sum(clock[part] for clock in clocks) for part in PARTS}
    took["the rest"] = whole - sum(took.values())
    return whole, took, texts


@dataclass(frozen=True)
class Run:
    """One task run by the published pipeline."""

    seconds: float
    took: Seconds
    texts: list[str]


class PublishedPipeline:
    """The published pipeline: two new processes for each task."""

    def __init__(self, bench: EvaluationContext, folder: Path) -> None:
        self._bench, self._folder = bench, folder

    def run(self, ask: ModelRequest) -> Run:
        """Train, answer and score one task."""
        began = time.time()
        rules, machine = self._bench.protocol, self._bench.profile
        folder = self._folder / ask.exam.task.id
        folder.mkdir(parents=True)
        job = folder / "job.json"
        job.write_text(json.dumps(self._write_job(ask, folder, rules)))
        module = "benchmarks.evaluator.ways.published"
        torchrun = ["torch.distributed.run", "--standalone", f"--nproc_per_node={machine.ranks}", "-m"]
        trained = self._run_child([*torchrun, module, "train", str(job)], folder, machine)
        answered = self._run_child([module, "answer", str(job)], folder, machine)
        texts: list[str] = json.loads((folder / "texts.json").read_text())
        ask.exam.score(texts)
        took = {
            "start and end": sum(
                one["imports"] - one["start"] + one["end"] - one[last]
                for one, last in ((trained, "saved"), (answered, "answered"))
            ),
            "model is loaded": trained["loaded"] - trained["imports"],
            "training": trained["trained"] - trained["loaded"],
            "model is saved": trained["saved"] - trained["trained"],
            "engine boots": answered["booted"] - answered["imports"],
            "answering": answered["answered"] - answered["booted"],
        }
        whole = time.time() - began
        return Run(whole, {**took, "the rest": whole - sum(took.values())}, texts)

    def _write_job(self, ask: ModelRequest, folder: Path, rules: AnchoredProtocol) -> dict[str, Any]:
        assert ask.rows is not None
        template, decoding, model = self._bench.template, rules.decoding, folder / "model"
        examples = template.build_examples([(row.input, row.output) for row in ask.rows], rules.sft.cutoff_tokens)
        lines = (json.dumps({"input_ids": one.input_ids, "labels": one.labels}) + "\n" for one in examples)
        (folder / "rows.jsonl").write_text("".join(lines))
        return {
            "base_model": str(self._bench.model),
            "rows": str(folder / "rows.jsonl"),
            "scratch": str(folder / "checkpoints"),
            "model": str(model),
            "moments": str(folder / "moments.json"),
            "texts": str(folder / "texts.json"),
            "prompts": template.build_prompts(ask.exam.inputs, (), decoding.max_prompt_tokens, ask.exam.targets),
            "limit": ask.exam.limit,
            "stop_ids": template.stop_ids,
            "max_model_len": decoding.max_prompt_tokens + decoding.max_new_tokens,
            **rules.sft.model_dump(include={"global_batch", "learning_rate", "warmup_ratio", "seed"}),
            "epochs": int(rules.sft.epochs),
        }

    def _run_child(self, command: list[str], folder: Path, machine: Profile) -> dict[str, float]:
        """Run a module to its end; return the moments that it recorded."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        env = {
            **os.environ,
            "PATH": path,
            "OMP_NUM_THREADS": str(machine.threads),
            "DS_ACCELERATOR": "cpu",
            "CUDA_VISIBLE_DEVICES": "",
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "PYTHONWARNINGS": "ignore::FutureWarning",
            "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
            "VLLM_NO_USAGE_STATS": "1",
            "VLLM_CPU_KVCACHE_SPACE": str(machine.kv_cache_gib),
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        }
        log, start = folder / "log", time.time()
        with log.open("ab") as out:
            done = subprocess.run([sys.executable, "-m", *command], env=env, stdout=out, stderr=out, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{log.read_text()[-3000:]}")
        found: dict[str, float] = json.loads((folder / "moments.json").read_text())
        return {**found, "start": start, "end": time.time()}


if __name__ == "__main__":
    main()
