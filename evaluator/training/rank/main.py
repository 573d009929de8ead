"""One rank of the trainer: runs jobs from the parent (rank 0 receives and broadcasts them) until it exits."""

from __future__ import annotations

import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean

import deepspeed
import torch
import torch.distributed

from evaluator.models import weight_canary as canary
from evaluator.runtime import resource_usage as spent
from evaluator.runtime.child_process import die_with_parent, error_name
from evaluator.training.job_spec import TokenRow, TrainJobSpec, count_targets, read_rows
from evaluator.training.rank import attention_rows as rows_attention
from evaluator.training.rank import attention_varlen as varlen_attention
from evaluator.training.rank.checkpoint_shards import copy_shard
from evaluator.training.rank.checkpoint_writer import CheckpointWriter, TrainedShard, partial_dir
from evaluator.training.rank.extension_locks import extension_dir, remove_stale_locks
from evaluator.training.rank.launch import RENDEZVOUS
from evaluator.training.rank.messaging import RankMessenger
from evaluator.training.rank.micro_batches import build_micro_batches
from evaluator.training.rank.model import ResidentModel, padding_row
from evaluator.training.rank.schedule import compute_learning_rate, epoch_order

BACKENDS = {"cpu": "gloo", "cuda": "nccl"}
LAST_STEPS = 5
"""Number of final steps in the reported mean loss."""


@dataclass(frozen=True)
class TrainStep:
    """One optimizer step of one rank."""

    passes: list[list[TokenRow]]
    targets: int
    """Target tokens of all ranks together."""
    tokens: int
    """Tokens of all ranks together."""


def plan_steps(work: TrainJobSpec, rows: Sequence[TokenRow], rank: int) -> Iterator[TrainStep]:
    """Yield the steps of a job for this rank; a pass without rows gets a padding row."""
    sft, profile = work.sft, work.profile
    order = epoch_order(len(rows), sft.epochs, sft.global_batch, sft.seed)
    for start in range(0, len(order), sft.global_batch):
        chosen = [rows[row] for row in order[start : start + sft.global_batch] if row is not None]
        lengths = [len(row["input_ids"]) for row in chosen]
        mine = build_micro_batches(lengths, profile.ranks, profile.micro_tokens)[rank]
        passes = [[chosen[index] for index in one] or [padding_row(chosen[0])] for one in mine]
        yield TrainStep(passes, max(1, sum(map(count_targets, chosen))), sum(lengths))


class RankWorker:
    """One rank with its model, if a job has loaded one."""

    def __init__(self, ranks: RankMessenger) -> None:
        self._ranks = ranks
        self._warm: ResidentModel | None = None
        self._writer: CheckpointWriter | None = None

    def serve(self) -> None:
        """Serve the parent's requests until it exits."""
        while (order := self._ranks.next_command()) is not None:
            if "work" in order:
                self._train(TrainJobSpec.model_validate(order["work"]))
            else:
                if self._warm:
                    self._warm.offload()
                self._ranks.gather(None)  # every rank is offloaded before the parent is notified
                self._ranks.send({"job": order["rest"], "rested": True})

    def _train(self, work: TrainJobSpec) -> None:
        """Fine-tune the base model on a job's rows. A model whose loss is no number is not saved."""
        warm = self._load_model(work)
        started = time.perf_counter()
        spent.reset_peak_memory(work.profile.device)
        part = partial_dir(work.out)
        if self._ranks.rank == 0:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)  # before the training: an unwritable folder fails early
        warm.reset_to_base()
        rows = read_rows(work.rows)
        row, start = canary.cut_canary_row(max(rows, key=count_targets))
        before = warm.compute_logprobs(row)
        losses, tokens = self._run_steps(warm, work, list(plan_steps(work, rows, self._ranks.rank)))
        after = warm.compute_logprobs(row) if all(map(math.isfinite, losses)) else (math.nan,)
        loss = fmean(losses[-LAST_STEPS:]) if all(map(math.isfinite, after)) else math.nan
        if math.isfinite(loss):
            said = canary.Canary(ids=tuple(row["input_ids"]), start=start, logprobs=after, base_logprobs=before)
            took = self._measure_usage(work, started, tokens)
            self._save_model(warm, work, {canary.FILE: said.model_dump_json(), spent.FILE: took.model_dump_json()})
        elif self._ranks.rank == 0:
            shutil.rmtree(part)
        self._ranks.send({"job": work.job, "trained": True, "steps": len(losses), "loss": loss})

    def _load_model(self, work: TrainJobSpec) -> ResidentModel:
        if self._warm is None:
            self._warm = ResidentModel(work)
            self._writer = CheckpointWriter(self._ranks, self._warm.model.causal)
            self._ranks.send({"job": work.job, "ready": True})
        return self._warm

    def _run_steps(
        self, warm: ResidentModel, work: TrainJobSpec, steps: Sequence[TrainStep]
    ) -> tuple[list[float], int]:
        """Run the steps; return the losses, until one is no number, and the number of tokens trained."""
        losses, tokens, sft = [], 0, work.sft
        for number, step in enumerate(steps):
            rate = compute_learning_rate(number, len(steps), sft.learning_rate, sft.warmup_ratio)
            losses.append(warm.train_step(step.passes, step.targets, rate))
            tokens += step.tokens
            self._ranks.send({"job": work.job, "step": number + 1, "of": len(steps), "loss": losses[-1]})
            if not math.isfinite(losses[-1]):
                break
        return losses, tokens

    def _measure_usage(self, work: TrainJobSpec, started: float, tokens: int) -> spent.ResourceUsage:
        """Measure the job's usage so far, when all of it but writing is done."""
        held = self._ranks.gather(spent.read_peak_bytes(work.profile.device))
        peak = None if None in held else sum(held)
        return spent.ResourceUsage(seconds=time.perf_counter() - started, tokens_trained=tokens, peak_bytes=peak)

    def _save_model(self, warm: ResidentModel, work: TrainJobSpec, files: dict[str, str]) -> None:
        """Copy the weights, and write them in the background while the next job trains."""
        assert self._writer is not None
        self._writer.wait()
        shard = copy_shard(warm.model.causal, self._ranks.rank, self._ranks.count)
        self._writer.submit(TrainedShard(work.job, work.out, shard, files))


def init_process_group(device: str, start_seconds: float, silent_seconds: float) -> None:
    """Meet the other ranks through a file, and set DeepSpeed up."""
    rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if rank == 0:  # before the ranks meet: they compile only afterwards
        remove_stale_locks(extension_dir(), start_seconds)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a process ended while building removes its lock
    deepspeed.init_distributed(
        dist_backend=BACKENDS[device],
        auto_mpi_discovery=False,
        # The parent detects silence; a collective's own timeout would be an error without a cause.
        timeout=timedelta(seconds=2 * silent_seconds),
        init_method=f"file://{os.environ[RENDEZVOUS]}",
        rank=rank,
        world_size=count,
    )
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def main(launcher: int, start_seconds: float, silent_seconds: float) -> None:
    """Serve jobs until the parent exits."""
    die_with_parent(launcher)
    device = os.environ.get("DS_ACCELERATOR", "cuda")
    rows_attention.register_attention()
    varlen_attention.register_attention()
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    init_process_group(device, start_seconds, silent_seconds)
    ranks = RankMessenger()
    try:
        RankWorker(ranks).serve()
    except (OSError, RuntimeError, MemoryError) as error:
        if kind := error_name(error):
            ranks.report_failure(kind, str(error).partition("\n")[0])
        raise
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
