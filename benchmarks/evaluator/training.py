"""Training tokens per second, MFU and memory of our trainer, a naive run and transformers.Trainer.

Run `python -m benchmarks.evaluator.training --profile h200 --shape 1b 3b 8b` on a machine with the profile's devices,
or with `--profile cpu --shape tiny` anywhere. Weights are random, in a Llama's shape; the rows, what is in each
optimizer step and the ZeRO stage are the same for all ways; DeepSpeed's buckets are each way's own:

    ours      rows of a step flattened into token-budgeted micro-batches, the head on target positions alone
    naive     one padded row after the other, 16 accumulated
    Trainer   padded batches of --batch rows, accumulated to 16

MFU counts 6 N + 6 L d T floating-point operations a token (PaLM, arXiv 2204.02311, appendix B, with the half of the
attention that a causal mask leaves): N parameters without the input embedding, which is looked up, L layers of width d,
T the mean number of tokens that stand in a token's row. The head counts for every token, though ours runs it on target
positions alone. Padding and recomputed activations count as no work. A way's rate leaves out its first steps.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path

from evaluator.config.profile import Profile, load_profile
from evaluator.config.protocol import SftSettings
from evaluator.runtime.resource_usage import FILE, ResourceUsage
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.tracks.protocols import load_protocol_as
from evaluator.training import DeepSpeedTrainer, TrainJob
from evaluator.training.rank.schedule import epoch_order

SHAPES = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
             "num_key_value_heads": 1, "vocab_size": 1024},
    "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32,
           "num_key_value_heads": 8, "vocab_size": 128256},
    "3b": {"hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 28, "num_attention_heads": 24,
           "num_key_value_heads": 8, "vocab_size": 128256},
    "8b": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
           "num_key_value_heads": 8, "vocab_size": 128256},
}  # fmt: skip
"""Llama 3.x shapes from their configurations, heads untied."""
PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
"""Dense bf16 operations per second, by substring of the device's name (NVIDIA's data sheets)."""
WARM = 3
"""Warm-up steps that are not counted: they choose kernels and reserve memory."""


@dataclass(frozen=True)
class TrainingRows:
    """Random rows in a file, with the token count of each optimizer step."""

    file: Path
    lengths: list[int]
    sft: SftSettings

    @property
    def steps(self) -> list[int]:
        """Tokens of every step, in order."""
        order = epoch_order(len(self.lengths), self.sft.epochs, self.sft.global_batch, self.sft.seed)
        batch = self.sft.global_batch
        chunks = [order[start : start + batch] for start in range(0, len(order), batch)]
        return [sum(self.lengths[row] for row in chunk if row is not None) for chunk in chunks]

    @property
    def context(self) -> float:
        """Mean number of tokens in a token's row."""
        return sum(length**2 for length in self.lengths) / sum(self.lengths)


@dataclass(frozen=True)
class StepTimes:
    """End of each step, in seconds from any start, and the peak memory."""

    ends: list[float]
    peak_bytes: int | None

    def tokens_per_second(self, steps: list[int]) -> float:
        """Return tokens per second after the first steps."""
        sums = list(accumulate(steps[: len(self.ends)]))
        first = min(WARM, len(self.ends) - 1) - 1 if len(self.ends) > 1 else 0
        return (sums[-1] - sums[first]) / (self.ends[-1] - self.ends[first])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="cpu")
    parser.add_argument("--shape", nargs="+", choices=SHAPES, default=["tiny"])
    parser.add_argument("--rows", type=int, default=320, help="of one training of one epoch")
    parser.add_argument("--tokens", type=int, default=500, help="of a row, in the mean")
    parser.add_argument("--batch", type=int, default=4, help="rows of a forward pass of plain Trainer")
    given = parser.parse_args()
    profile = load_profile(given.profile)
    print(f"{datetime.now(UTC):%Y-%m-%d} · {device_name(profile)} · {profile.ranks} ranks, profile {profile.name}")
    print(" · ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "deepspeed")))
    for shape in given.shape:
        with tempfile.TemporaryDirectory() as folder:
            measure_shape(Path(folder), shape, profile, given)


def measure_shape(folder: Path, shape: str, profile: Profile, given: argparse.Namespace) -> None:
    """Print one shape's table."""
    protocol = make_protocol(profile)
    base, parameters = make_random_model(folder / "base", shape, protocol.base_model.dtype, profile)
    rows = make_random_rows(folder / "rows.jsonl", given.rows, given.tokens, SHAPES[shape]["vocab_size"], protocol.sft)
    ways: dict[str, Callable[[], StepTimes]] = {
        "ours": lambda: run_ours(folder, base, rows, protocol, profile),
        "naive": lambda: run_plain(folder, base, rows, protocol, profile, 1),
        "Trainer": lambda: run_plain(folder, base, rows, protocol, profile, given.batch),
    }
    sizes = SHAPES[shape]
    worked = parameters - sizes["vocab_size"] * sizes["hidden_size"]
    each = 6 * worked + 6 * sizes["num_hidden_layers"] * sizes["hidden_size"] * rows.context
    peak = peak_operations(profile)
    print(f"{shape}: {parameters / 1e9:.2f}e9 parameters, {len(rows.lengths)} rows, {sum(rows.lengths):,} tokens")
    print(f"  {'':10}{'tokens/s':>10}{'a device':>10}{'MFU':>8}{'peak GiB':>10}{'times naive':>13}")
    found = {name: way() for name, way in ways.items()}
    slowest = found["naive"].tokens_per_second(rows.steps)
    for name, seen in found.items():
        rate = seen.tokens_per_second(rows.steps)
        used = f"{rate * each / (peak * profile.devices):.1%}" if peak else "-"
        held = f"{seen.peak_bytes / 2**30:.1f}" if seen.peak_bytes else "-"
        print(f"  {name:10}{rate:10.0f}{rate / profile.devices:10.0f}{used:>8}{held:>10}{rate / slowest:13.2f}")


def make_protocol(profile: Profile) -> AnchoredProtocol:
    """Build arena@1's training for one epoch; without a GPU in float32 and with demo@1's cut."""
    protocol = load_protocol_as("arena@1" if profile.device == "cuda" else "demo@1", AnchoredProtocol)
    return protocol.model_copy(update={"sft": protocol.sft.model_copy(update={"epochs": 1.0})})


def make_random_model(folder: Path, shape: str, dtype: str, profile: Profile) -> tuple[Path, int]:
    """Make a model of this shape without tokenizer, in its own process; return it and its parameter count."""
    made = json.loads(_run_child(profile, "random_model", str(folder), json.dumps(SHAPES[shape]), dtype)[-1])
    return folder, int(made["parameters"])


def make_random_rows(file: Path, count: int, mean: int, vocabulary: int, sft: SftSettings) -> TrainingRows:
    """Make rows of log-normal length up to the protocol's cut, a third of each trained."""
    chance, lengths = random.Random(0), []
    with file.open("w") as out:
        for _ in range(count):
            length = max(9, min(sft.cutoff_tokens, round(mean * chance.lognormvariate(-0.32, 0.8))))
            ids = [chance.randrange(vocabulary) for _ in range(length)]
            prompt = 2 * length // 3
            out.write(json.dumps({"input_ids": ids, "labels": [-100] * prompt + ids[prompt:]}) + "\n")
            lengths.append(length)
    return TrainingRows(file, lengths, sft)


def run_ours(folder: Path, base: Path, rows: TrainingRows, protocol: AnchoredProtocol, profile: Profile) -> StepTimes:
    """Run the evaluator's own trainer as in production."""
    trainer, ends = DeepSpeedTrainer(base, protocol, profile, folder / "trainer.log"), dict[int, float]()
    job = TrainJob("rows", rows.file, folder / "model", protocol.sft.seed)

    def record_step(_name: str, step: int, _of: int) -> None:
        ends.setdefault(step, time.perf_counter())

    try:
        trainer.train(job, record_step)()
    finally:
        trainer.close()
    return StepTimes(list(ends.values()), ResourceUsage.model_validate_json((job.out / FILE).read_bytes()).peak_bytes)


def run_plain(
    folder: Path, base: Path, rows: TrainingRows, protocol: AnchoredProtocol, profile: Profile, batch: int
) -> StepTimes:
    """Run transformers.Trainer with padded batches."""
    settings = {
        "base": str(base),
        "rows": str(rows.file),
        "out": str(folder / "plain"),
        "batch": batch,
        "dtype": protocol.base_model.dtype,
        "device": profile.device,
        "zero_stage": profile.zero_stage,
        "gradient_checkpointing": profile.gradient_checkpointing,
        "sft": protocol.sft.model_dump(),
    }
    said = [
        json.loads(line) for line in _run_child(profile, "plain_training", json.dumps(settings), ranks=profile.ranks)
    ]
    return StepTimes([one["end"] for one in said if "end" in one], said[-1]["peak_bytes"])


def peak_operations(profile: Profile) -> float | None:
    """Return the peak operations per second of one device; None for an unknown one."""
    return next((peak for name, peak in PEAKS.items() if name in device_name(profile)), None)


def device_name(profile: Profile) -> str:
    """Return the name of the device that the machine computes on."""
    if profile.device == "cpu":
        return f"CPU, {os.cpu_count()} cores"
    import torch

    return str(torch.cuda.get_device_name(0))


def make_environment(profile: Profile) -> dict[str, str]:
    """Build the environment of the compared processes: the same threads and devices as ours."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    cpu = {"DS_ACCELERATOR": "cpu", "CUDA_VISIBLE_DEVICES": ""} if profile.device == "cpu" else {}
    return {**os.environ, "PATH": path, "OMP_NUM_THREADS": str(profile.threads), "HF_HUB_OFFLINE": "1", **cpu}


def _run_child(profile: Profile, module: str, *arguments: str, ranks: int = 0) -> list[str]:
    """Run a module of `ways`; return the JSON lines that it prints, of rank 0 where there are several."""
    launcher = ["torch.distributed.run", "--standalone", f"--nproc_per_node={ranks}", "-m"] if ranks else []
    command = [sys.executable, "-m", *launcher, f"benchmarks.evaluator.ways.{module}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=make_environment(profile))
    if done.returncode:
        raise SystemExit(f"{module} failed:\n{done.stderr[-4000:]}")
    return [line for line in done.stdout.splitlines() if line.startswith('{"')]


if __name__ == "__main__":
    main()
