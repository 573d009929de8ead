"""The plainest fine-tuning that SCORING.md allows: padded rows, whole logits, a loop. What the trainer must equal."""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, get_cosine_schedule_with_warmup

from evaluator.config.protocol import SftSettings
from evaluator.training.rank.schedule import epoch_order


def trained(base: Path, rows: Path, sft: SftSettings) -> tuple[dict[str, torch.Tensor], list[float]]:
    """The weights after training, and the loss of every step."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype="float32", attn_implementation="eager").train()
    examples = [json.loads(line) for line in rows.read_text().splitlines()]
    order = epoch_order(len(examples), sft.epochs, sft.global_batch, sft.seed)
    steps = len(order) // sft.global_batch
    optimizer = torch.optim.AdamW(model.parameters(), lr=sft.learning_rate, weight_decay=sft.weight_decay)
    schedule = get_cosine_schedule_with_warmup(optimizer, math.ceil(steps * sft.warmup_ratio), steps)
    losses = []
    for start in range(0, len(order), sft.global_batch):
        loss = _loss(model, [examples[row] for row in order[start : start + sft.global_batch] if row is not None])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), sft.max_grad_norm)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return {name: weight.detach() for name, weight in model.named_parameters()}, losses


def _loss(model: torch.nn.Module, batch: list[dict[str, list[int]]]) -> torch.Tensor:
    longest = max(len(example["input_ids"]) for example in batch)
    ids, labels, mask = (torch.zeros(len(batch), longest, dtype=torch.long) for _ in range(3))
    labels.fill_(-100)
    for number, example in enumerate(batch):
        length = len(example["input_ids"])
        ids[number, :length] = torch.tensor(example["input_ids"])
        labels[number, :length] = torch.tensor(example["labels"])
        mask[number, :length] = 1
    logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1]
    return cross_entropy(logits.reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1))
