"""One rank of the trainer: takes jobs from the parent (rank 0 hears it and tells the others) until it goes."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import deepspeed
import torch
import torch.distributed
from datasets import Dataset
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, DataCollatorWithFlattening, Trainer, TrainerCallback, TrainingArguments

from evaluator.child import Parent, die_with_parent
from evaluator.spent import FILE, Spent, forget_peak, peak_bytes
from evaluator.trainer import rows_attention
from evaluator.trainer.order import training_order

ZERO3 = Path(__file__).with_name("zero3.json")
BACKENDS = {"cpu": "gloo", "cuda": "nccl"}
LAST_STEPS = 5
"""The reported loss is the mean over this many steps at the end."""


class Report(TrainerCallback):
    """Tells the parent how far the training is."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        self._send({"step": state.global_step, "of": state.max_steps})


class TargetTokenTrainer(Trainer):
    """Cross entropy per target token of the whole optimizer step, over all ranks.

    The rows of a micro-batch stand in one sequence without padding, each attending to itself, and the language-model
    head runs on target positions alone: the same loss as padded rows with full logits.
    """

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        assert num_items_in_batch is not None
        labels = inputs["labels"][0, 1:]
        trained = (labels != -100).nonzero().squeeze(-1)
        rows = {name: value for name, value in inputs.items() if name != "labels"}
        outputs = model(**rows, logits_to_keep=trained, use_cache=False)
        loss = cross_entropy(outputs.logits[0].float(), labels[trained], reduction="sum")
        # DeepSpeed averages gradients over ranks, while num_items_in_batch counts the tokens of all of them.
        loss = loss / num_items_in_batch * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss


def settings(job: dict[str, Any], scratch: Path) -> TrainingArguments:
    """The Trainer's arguments for a job's protocol and profile. Raises ValueError where they cannot be met."""
    sft = job["sft"]
    at_once = job["micro_batch"] * torch.distributed.get_world_size()
    if sft["global_batch"] % at_once:
        raise ValueError(
            f"{at_once} rows at once (micro_batch x ranks) do not divide the global batch {sft['global_batch']}"
        )
    bf16 = job["dtype"] == "bfloat16"
    return TrainingArguments(
        output_dir=str(scratch),
        use_cpu=job["device"] == "cpu",
        bf16=bf16,
        deepspeed=json.loads(ZERO3.read_text()),
        per_device_train_batch_size=job["micro_batch"],
        gradient_accumulation_steps=sft["global_batch"] // at_once,
        average_tokens_across_devices=True,
        num_train_epochs=1,  # scheduled() repeats the rows
        train_sampling_strategy="sequential",
        learning_rate=sft["learning_rate"],
        lr_scheduler_type=sft["scheduler"],
        warmup_steps=sft["warmup_ratio"],
        weight_decay=sft["weight_decay"],
        max_grad_norm=sft["max_grad_norm"],
        optim="adamw_torch",
        seed=sft["seed"],
        data_seed=sft["seed"],
        remove_unused_columns=False,
        gradient_checkpointing=job["device"] == "cuda",
        save_strategy="no",
        logging_steps=1,
        logging_nan_inf_filter=False,  # it would show a lost training as a smooth curve
        report_to="none",
        disable_tqdm=True,
    )


def scheduled(job: dict[str, Any]) -> tuple[Dataset, int]:
    """All rows of all epochs in training order, and their tokens; what only fills up a step counts as none."""
    with Path(job["rows"]).open() as lines:
        rows = [json.loads(line) for line in lines]
    sft = job["sft"]
    blank = {"input_ids": rows[0]["input_ids"][:1], "labels": [-100]}
    order = training_order(len(rows), sft["epochs"], sft["global_batch"], sft["seed"])
    tokens = sum(len(rows[row]["input_ids"]) for row in order if row is not None)
    return Dataset.from_list([*rows, blank]).select([len(rows) if row is None else row for row in order]), tokens


def train(job: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Fine-tune the base model on a job's rows; steps and last loss. A model whose loss is no number is not saved."""
    started = time.perf_counter()
    forget_peak(job["device"])
    out = Path(job["out"])
    part = out.with_name(f".part-{out.name}")
    if torch.distributed.get_rank() == 0:
        shutil.rmtree(part, ignore_errors=True)
    torch.distributed.barrier()
    rows, tokens = scheduled(job)
    arguments = settings(job, part)  # first: DeepSpeed's settings decide how weights are loaded
    trainer = TargetTokenTrainer(
        model=AutoModelForCausalLM.from_pretrained(
            job["base_model"], dtype=job["dtype"], attn_implementation=rows_attention.NAME
        ),
        args=arguments,
        train_dataset=rows,
        data_collator=DataCollatorWithFlattening(return_flash_attn_kwargs=True),
        callbacks=[Report(send)],
    )
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    loss = fmean(losses[-LAST_STEPS:]) if all(map(math.isfinite, losses)) else math.nan
    if math.isfinite(loss):
        trainer.save_model(str(part))
    peak = _over_ranks(peak_bytes(job["device"]))
    trainer.accelerator.free_memory()
    torch.distributed.barrier()
    if torch.distributed.get_rank() == 0 and math.isfinite(loss):
        spent = Spent(seconds=time.perf_counter() - started, tokens_trained=tokens, peak_bytes=peak)
        (part / FILE).write_text(spent.model_dump_json())
        shutil.rmtree(out, ignore_errors=True)
        for file in part.iterdir():
            with file.open("rb") as written:
                os.fsync(written.fileno())
        part.rename(out)
    return {"steps": trainer.state.global_step, "loss": loss}


def _over_ranks(held: int | None) -> int | None:
    """The memory of all ranks together."""
    found: list[int | None] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(found, held)
    return None if None in found else sum(one or 0 for one in found)


def _say_nothing(message: dict[str, Any]) -> None:
    """Only rank 0 speaks."""


def main() -> None:
    """Serve jobs until the parent goes."""
    die_with_parent()
    device = os.environ.get("DS_ACCELERATOR", "cuda")
    rows_attention.register()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # who is ended while building takes the mark away
    deepspeed.init_distributed(dist_backend=BACKENDS[device])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = Parent() if torch.distributed.get_rank() == 0 else None
    while True:
        box = [parent.receive() if parent else None]
        torch.distributed.broadcast_object_list(box, src=0)
        if box[0] is None:
            break
        done = train(box[0], parent.send if parent else _say_nothing)
        if parent:
            parent.send(done)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
