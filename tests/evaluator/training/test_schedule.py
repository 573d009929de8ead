from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import get_cosine_schedule_with_warmup

from evaluator.training.rank.schedule import compute_learning_rate, epoch_order


@given(st.integers(1, 60), st.integers(1, 4), st.integers(1, 20), st.integers(0, 9))
def test_every_epoch_has_every_row_once_and_fills_its_last_step_with_blanks(
    rows: int, epochs: int, batch: int, seed: int
) -> None:
    order = epoch_order(rows, epochs, batch, seed)
    length = math.ceil(rows / batch) * batch
    assert len(order) == epochs * length
    for start in range(0, len(order), length):
        epoch = order[start : start + length]
        assert sorted(row for row in epoch[:rows] if row is not None) == list(range(rows))
        assert epoch[rows:] == [None] * (length - rows)


def test_the_seed_and_the_epoch_make_the_order() -> None:
    first, second = epoch_order(32, 2, 16, 1)[:32], epoch_order(32, 2, 16, 1)[32:]
    assert epoch_order(32, 2, 16, 1) == first + second
    assert first != second
    assert epoch_order(32, 1, 16, 2) != first
    assert epoch_order(32, 1, 16, 1) == first


def test_half_an_epoch_ends_with_a_whole_step() -> None:
    assert epoch_order(40, 1.5, 16, 0) == epoch_order(40, 2, 16, 0)[: 5 * 16]


@given(st.integers(1, 60), st.sampled_from([0.0, 0.03, 0.1, 0.5, 1.0]))
def test_the_learning_rate_is_that_of_transformers(steps: int, warmup: float) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=3e-3)
    schedule = get_cosine_schedule_with_warmup(optimizer, math.ceil(steps * warmup), steps)
    for step in range(steps):
        assert compute_learning_rate(step, steps, 3e-3, warmup) == pytest.approx(schedule.get_last_lr()[0], abs=1e-15)
        optimizer.step()
        schedule.step()
