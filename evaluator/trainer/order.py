"""The order of training: the same rows in the same step, however many ranks share the work."""

from __future__ import annotations

import math
import random


def training_order(rows: int, epochs: float, global_batch: int, seed: int) -> list[int | None]:
    """Row numbers in the order in which they are trained, `global_batch` for each step.

    Every epoch has its own order. Its last step is filled up with None, a row that trains nothing: a loader that
    shares batches out evenly would fill it with rows of other steps, and with others for each number of ranks.
    """
    per_epoch = math.ceil(rows / global_batch)
    order: list[int | None] = []
    for epoch in range(math.ceil(epochs)):
        order += random.Random(f"{seed}:{epoch}").sample(range(rows), rows)  # noqa: S311  # a reproducible order
        order += [None] * (per_epoch * global_batch - rows)
    return order[: math.ceil(epochs * per_epoch) * global_batch]
