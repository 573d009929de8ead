"""Training schedule: the same rows in the same step and at the same rate, for any number of ranks."""

from __future__ import annotations

import math
import random


def epoch_order(rows: int, epochs: float, global_batch: int, seed: int) -> list[int | None]:
    """Row numbers in training order, `global_batch` for each step.

    Every epoch has its own order. Its last step is filled up with None, a row that trains nothing, so that no step has
    rows of two epochs.
    """
    per_epoch = math.ceil(rows / global_batch)
    order: list[int | None] = []
    for epoch in range(math.ceil(epochs)):
        order += random.Random(f"{seed}:{epoch}").sample(range(rows), rows)  # noqa: S311  # a reproducible order
        order += [None] * (per_epoch * global_batch - rows)
    return order[: math.ceil(epochs * per_epoch) * global_batch]


def compute_learning_rate(step: int, steps: int, highest: float, warmup_ratio: float) -> float:
    """Learning rate of a step, counted from 0: linear warm-up, then half a cosine down (transformers' `cosine`)."""
    warmup = math.ceil(steps * warmup_ratio)
    if step < warmup:
        return highest * step / max(1, warmup)
    return highest * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
