"""The 95% interval of a mean gain over tasks: a two-level bootstrap, tasks and then their items.

What is estimated is the mean over all tasks of this kind, of which the benchmark's are a sample. The gains as measured
differ by the tasks' own spread AND by item noise: their variance is s^2 = s_T^2 + s_I^2. Drawing tasks and then items
of each would count the noise twice, (s_T^2 + s_I^2) / T + s_I^2 / T. So before the draw the measured gains are moved
towards their mean until they have the tasks' own spread only:

    a replicate's task = mean + shrink (gain - mean) + noise (gain on drawn items - its mean over all draws of items)
    shrink^2 = max(0, 1 - s_I^2 / s^2),  noise^2 = min(1, max(s^2, s_I^2 / 2) / s_I^2)

with s_I^2 the mean over tasks of the variance on drawn items. The variance is then s^2, as measured. `noise` is below
1 only where s^2 < s_I^2, which the bootstrap of clipped ratios brings about by overrating item noise; half of s_I^2
stays the least, as a few tasks may be alike by luck. The mean over draws, in place of the gain, leaves the bias of
clipped ratios out: the bootstrap puts it upwards, while tasks that were admitted by the same answers have it downwards.

Few tasks, and many with no gain at all, make the mean skew, and its percentile interval too narrow (86% at 20 tasks of
which 80% are empty). So each replicate is studentised by its own standard error, and the interval is
mean - q t s / sqrt(T) (the bootstrap-t of Efron 1981, second-order right under skewness; Hall 1988).

Coverage by simulation (`python -m benchmarks.scoring.statistics`): 93-97% from 5 to 208 tasks, also with 25 items a
task, more item noise than task spread, and 80% of tasks missing. Outside: under 80% with 2 gains in 20 tasks, where one
world of eight has none at all; no method can know better from twenty zeros.
"""

from __future__ import annotations

from math import inf, sqrt

import numpy as np

from evaluator.scoring.metrics.metric_result import Floats
from evaluator.scoring.statistics.intervals import Interval

REPLICATES = 10_000
_SMALLEST = 1 / 8
"""Minimum standard deviation of a replicate, as a share of the real one: some replicates draw only empty tasks."""


def total_interval(
    gains: Floats,
    again: Floats,
    seed: int,
    replicates: int = REPLICATES,
    bounds: Interval = (-inf, inf),
) -> Interval:
    """95% interval of the mean of `gains`, shape (tasks,), given each task's gain on drawn items.

    `again` has shape (resamples, tasks). A missing task is 0 in both. The draw depends on the seed and the shape alone,
    so all systems get the same one. A mean over one task has the percentiles of that task. `bounds` are what a gain is
    clipped to. Raises ValueError for shapes that do not go together and for a gain that is no number.
    """
    if gains.ndim != 1 or not len(gains) or again.ndim != 2 or again.shape[1] != len(gains):
        raise ValueError(f"gains of shape {gains.shape} do not match gains on drawn items of shape {again.shape}")
    if not (np.isfinite(gains).all() and np.isfinite(again).all()):
        raise ValueError("a gain is no number: a total with an unscored task has no interval")
    if len(gains) == 1:
        low, high = np.quantile(again[:, 0], (0.025, 0.975))
        return float(low), float(high)
    mean, tasks = float(gains.mean()), len(gains)
    deviations, spread = _replicate_deviations(gains, again)
    if spread == 0:
        return mean, mean
    drawn = np.random.default_rng(seed).integers(0, again.size, (replicates, tasks), dtype=np.int32)
    high_t, low_t = np.quantile(_studentise_means(deviations.reshape(-1).take(drawn), spread), (0.975, 0.025))
    error = spread / sqrt(tasks)
    return max(mean - float(high_t) * error, bounds[0]), min(mean - float(low_t) * error, bounds[1])


def _replicate_deviations(gains: Floats, again: Floats) -> tuple[Floats, float]:
    """Return each task's deviation on each choice of items, to draw replicates from, and their standard deviation.

    A task and one choice of its items are drawn together, so one draw from the whole table is both levels at once.
    """
    between = float(gains.var(ddof=1))
    within = float(again.var(axis=0).mean())
    variance = max(between, within / 2)
    shrink = sqrt(max(0.0, 1 - within / between)) if between else 0.0
    noise = min(1.0, sqrt(variance / within)) if within else 0.0
    return shrink * (gains - gains.mean()) + noise * (again - again.mean(axis=0)), sqrt(variance)


def _studentise_means(deviations: Floats, spread: float) -> Floats:
    """Each replicate's mean in units of its standard error; deviations of shape (replicates, tasks)."""
    tasks = deviations.shape[1]
    means = deviations.mean(axis=1)
    squares = np.einsum("rt,rt->r", deviations, deviations)
    own = np.sqrt(np.maximum(squares - tasks * means**2, 0) / (tasks - 1))
    found: Floats = means / np.maximum(own, _SMALLEST * spread) * sqrt(tasks)
    return found
