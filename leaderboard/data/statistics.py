"""Intervals of means over tasks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from submissions.index.result_summary import Floats
from submissions.statistics import student_quantile

MIN_TASKS = 4
"""Tasks that an interval needs; with fewer, the spread between them says next to nothing."""


def student_interval(values: Sequence[float] | Floats) -> tuple[float, float] | None:
    """The 95% interval of a mean over tasks: Student's t on the spread between tasks, mean ± t · sd / √n.

    The spread holds what other test items would change too, since every task's gain carries that noise. None for fewer
    than MIN_TASKS tasks.
    """
    if len(values) < MIN_TASKS:
        return None
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
    half = student_quantile(len(values) - 1) * spread / len(values) ** 0.5
    return mean - half, mean + half
