"""transformers.Trainer as documented, under torchrun: padded batches, DeepSpeed, loss over all logits.

Prints a line with the end of each step, and a last one with the peak memory.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import deepspeed
import torch
import torch.distributed
from datasets import Dataset
from transformers import AutoModelForCausalLM, Trainer, TrainerCallback, TrainingArguments

from benchmarks.evaluator.ways.padding import pad_rows
from evaluator.runtime.resource_usage import read_peak_bytes
from evaluator.training.rank.schedule import epoch_order


class StepEndPrinter(TrainerCallback):
    """Prints the end of each step."""

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        if torch.distributed.get_rank() == 0:
            print(json.dumps({"end": time.perf_counter()}), flush=True)


def order_rows(file: Path, sft: dict[str, Any]) -> Dataset:
    """Return the rows in our training order; a row that only fills a step up trains nothing."""
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    order = epoch_order(len(rows), sft["epochs"], sft["global_batch"], sft["seed"])
    blank = {"input_ids": rows[0]["input_ids"][:1], "labels": [-100]}
    return Dataset.from_list([blank if row is None else rows[row] for row in order])


def main(settings: dict[str, Any]) -> None:
    """Train, and save nothing."""
    cpu, sft = settings["device"] == "cpu", settings["sft"]
    deepspeed.init_distributed(dist_backend="gloo" if cpu else "nccl")
    ranks = torch.distributed.get_world_size()
    zero = {"stage": settings["zero_stage"], "reduce_bucket_size": "auto", "stage3_prefetch_bucket_size": "auto"}
    arguments = TrainingArguments(
        output_dir=settings["out"],
        use_cpu=cpu,
        bf16=settings["dtype"] == "bfloat16",
        deepspeed={
            "train_micro_batch_size_per_gpu": "auto",
            "gradient_accumulation_steps": "auto",
            "train_batch_size": "auto",
            "gradient_clipping": "auto",
            "bf16": {"enabled": "auto"},
            "zero_optimization": zero,
        },
        per_device_train_batch_size=settings["batch"],
        gradient_accumulation_steps=sft["global_batch"] // (ranks * settings["batch"]),
        num_train_epochs=1,
        train_sampling_strategy="sequential",
        learning_rate=sft["learning_rate"],
        lr_scheduler_type=sft["scheduler"],
        warmup_steps=sft["warmup_ratio"],
        optim="adamw_torch" if cpu else "adamw_torch_fused",
        gradient_checkpointing=settings["gradient_checkpointing"],
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    model = AutoModelForCausalLM.from_pretrained(settings["base"], dtype=settings["dtype"])
    rows = order_rows(Path(settings["rows"]), sft)
    Trainer(
        model=model, args=arguments, train_dataset=rows, data_collator=pad_rows, callbacks=[StepEndPrinter()]
    ).train()
    held: list[int | None] = [None] * ranks
    torch.distributed.all_gather_object(held, read_peak_bytes(settings["device"]))
    if torch.distributed.get_rank() == 0:
        print(json.dumps({"peak_bytes": None if None in held else sum(one or 0 for one in held)}), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
