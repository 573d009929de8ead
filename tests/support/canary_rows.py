"""Canaries of models that no trainer made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from evaluator.models.weight_canary import FILE, Canary


def logprobs(model: Path, ids: Sequence[int]) -> list[float]:
    """What transformers says of each token but the first."""
    llama = AutoModelForCausalLM.from_pretrained(model, dtype="float32")
    with torch.no_grad():
        said = llama(torch.tensor([list(ids)])).logits[0, :-1].log_softmax(-1)
    return [float(said[place, token]) for place, token in enumerate(ids[1:])]


def leave_canary(model: Path, base: Path, ids: Sequence[int], start: int) -> Canary:
    """Write the canary into a model's folder, as the trainer does."""
    trained, before = logprobs(model, ids)[start - 1 :], logprobs(base, ids)[start - 1 :]
    canary = Canary(ids=tuple(ids), start=start, logprobs=tuple(trained), base_logprobs=tuple(before))
    (model / FILE).write_text(canary.model_dump_json())
    return canary
