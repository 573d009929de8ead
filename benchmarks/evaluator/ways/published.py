"""The published pipeline as a plain script: one process that trains a task, one that answers it, no more.

`torchrun -m benchmarks.evaluator.ways.published train JOB` fine-tunes with the HF Trainer and DeepSpeed ZeRO-3, one
padded row at a time with gradient accumulation, and saves all; `python -m benchmarks.evaluator.ways.published answer
JOB` boots vLLM and asks in batches of 64. It shares nothing with the evaluator but token ids. JOB is a JSON file
(benchmarks/evaluator/pipeline.py writes it); each command writes down the moments at which it came so far.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

BATCH = 64
"""Prompts per call of the engine (the release's inference_batch_size)."""
Moments = dict[str, float]


def fine_tune_model(job: dict[str, Any]) -> Moments:
    """Fine-tune the base model; return the moments, in seconds of the clock."""
    import deepspeed
    import torch
    import torch.distributed
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

    from benchmarks.evaluator.ways.padding import pad_rows

    moments = {"imports": time.time()}
    deepspeed.init_distributed(dist_backend="gloo")
    rows = Dataset.from_list([json.loads(line) for line in Path(job["rows"]).read_text().splitlines()])
    accumulation = job["global_batch"] // torch.distributed.get_world_size()
    steps = -(-len(rows) // job["global_batch"]) * job["epochs"]
    arguments = TrainingArguments(
        output_dir=job["scratch"],
        use_cpu=True,
        deepspeed=_make_zero3_config(),
        per_device_train_batch_size=1,
        gradient_accumulation_steps=accumulation,
        num_train_epochs=job["epochs"],
        learning_rate=job["learning_rate"],
        lr_scheduler_type="cosine",
        warmup_steps=job["warmup_ratio"],
        max_grad_norm=1.0,
        seed=job["seed"],
        save_strategy="steps",
        save_steps=steps,
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
    )
    trainer = Trainer(
        model=AutoModelForCausalLM.from_pretrained(job["base_model"], dtype="float32"),
        args=arguments,
        train_dataset=rows,
        data_collator=pad_rows,
        processing_class=AutoTokenizer.from_pretrained(job["base_model"]),  # it is saved with the model
    )
    moments["loaded"] = time.time()
    trainer.train()
    moments["trained"] = time.time()
    trainer.save_model(job["model"])
    moments["saved"] = time.time()
    if torch.distributed.get_rank() == 0:
        Path(job["moments"]).write_text(json.dumps(moments))
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    return moments


def _make_zero3_config() -> dict[str, Any]:
    """Build DeepSpeed's ZeRO stage 3 configuration with all else left to the Trainer."""
    sizes = ("train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "train_batch_size", "gradient_clipping")
    stage = {"stage": 3, "overlap_comm": False, "stage3_gather_16bit_weights_on_model_save": True}
    return {**dict.fromkeys(sizes, "auto"), "bf16": {"enabled": "auto"}, "zero_optimization": stage}


def answer_prompts(job: dict[str, Any]) -> Moments:
    """Ask the fine-tuned model; return the moments, in seconds of the clock."""
    from vllm import LLM, SamplingParams

    moments = {"imports": time.time()}
    llm = LLM(model=job["model"], dtype="float32", max_model_len=job["max_model_len"], enforce_eager=True)
    moments["booted"] = time.time()
    sampling = SamplingParams(temperature=0.0, max_tokens=job["limit"], stop_token_ids=job["stop_ids"])
    texts: list[str] = []
    for start in range(0, len(job["prompts"]), BATCH):
        some = [{"prompt_token_ids": ids} for ids in job["prompts"][start : start + BATCH]]
        texts += [output.outputs[0].text for output in llm.generate(some, sampling, use_tqdm=False)]
    moments["answered"] = time.time()
    Path(job["texts"]).write_text(json.dumps(texts))
    Path(job["moments"]).write_text(json.dumps(moments))
    return moments


if __name__ == "__main__":
    {"train": fine_tune_model, "answer": answer_prompts}[sys.argv[1]](json.loads(Path(sys.argv[2]).read_text()))
