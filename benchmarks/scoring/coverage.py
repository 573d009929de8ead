"""Simulated coverage of 95% intervals, and rank sets of equal systems, with the real code.

Run by `python -m benchmarks.scoring.statistics`; the tests run the same regimes. A world is a benchmark drawn anew:
tasks with a true base, reference and system score, and for each item three right-or-wrong answers, alike in that some
items are easy and some hard. A task is admitted by the real rule from the very answers that its gains are measured
with. The truth is the mean of the true gains over very many admitted tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.scoring.metrics.metric_result import build_mean_result
from evaluator.scoring.statistics import gain_interval, gain_scale, resample_counts, rescore, score_interval
from evaluator.scoring.statistics.resampling import Rescored
from evaluator.scoring.statistics.totals import total_interval
from leaderboard.ranking.rank_sets import LEVEL, pair_p, rank_sets

Floats = NDArray[np.float64]
Rng = np.random.Generator

ADMISSION = 2.0
BOUNDS = (-1.0, 1.5)
SCALE = gain_scale(*BOUNDS)
RESAMPLES, REPLICATES = 200, 1_000
"""Fewer than in earnest: their own noise costs less coverage than the simulation can see."""
ALIKE = 0.6
"""Share of answers that follow their item's difficulty rather than chance."""
_CHUNK = 25


@dataclass(frozen=True)
class Regime:
    """A kind of benchmark and system."""

    name: str
    tasks: int
    items: int
    spread: float = 0.3
    """SD of the true gains around 0.4; 0 for skewed ones (gamma, mean 0.53)."""
    missing: float = 0.0
    """Share of tasks without a delivery: gain 0, without noise."""
    width: tuple[float, float] = (0.2, 0.6)
    """Reference minus base, least and most; the base lies in 0.05-0.35."""


TOTALS = (
    Regime("208 tasks, 100 items", 208, 100),
    Regime("208 tasks, 25 items", 208, 25, width=(0.3, 0.6)),
    Regime("208 tasks, item noise over task spread", 208, 50, spread=0.1, width=(0.1, 0.4)),
    Regime("208 tasks, skewed, 60% missing", 208, 100, spread=0, missing=0.6),
    Regime("157 tasks, skewed, 80% missing", 157, 50, spread=0, missing=0.8),
    Regime("51 tasks, skewed, 60% missing", 51, 100, spread=0, missing=0.6),
    Regime("20 tasks, 100 items", 20, 100),
    Regime("20 tasks, 25 items", 20, 25, width=(0.3, 0.6)),
    Regime("20 tasks, item noise over task spread", 20, 50, spread=0.1, width=(0.1, 0.4)),
    Regime("20 tasks, skewed, 30% missing", 20, 100, spread=0, missing=0.3),
    Regime("20 tasks, skewed, 60% missing", 20, 100, spread=0, missing=0.6),
    Regime("20 tasks, skewed, 80% missing", 20, 100, spread=0, missing=0.8),
    Regime("20 tasks, skewed, 90% missing", 20, 100, spread=0, missing=0.9),
    Regime("5 tasks, 100 items", 5, 100),
)


@dataclass(frozen=True)
class IntervalCoverage:
    """Simulated coverage of an interval."""

    share: float
    """Share of worlds whose interval covers the truth."""
    worlds: int
    width: float
    """Median width over the worlds."""

    @property
    def error(self) -> float:
        """Standard error of the share by the simulation's own chance."""
        return float(np.sqrt(self.share * (1 - self.share) / self.worlds))


def total_coverage(regime: Regime, worlds: int, seed: int = 0) -> IntervalCoverage:
    """Return the share of intervals of a mean gain that cover the mean of the true gains."""
    rng = np.random.default_rng(seed)
    truth = np.mean([_draw_admitted(regime, 2_000, rng)[1].mean() for _ in range(40)])
    counts = resample_counts(regime.items, RESAMPLES, seed) / regime.items
    found: list[tuple[float, float]] = []
    for _ in range(0, worlds, _CHUNK):
        answers, _ = _draw_admitted(regime, _CHUNK * regime.tasks, rng)
        again = SCALE(*(counts @ one.astype(np.float64) for one in answers))
        gains = SCALE(*(one.mean(axis=0) for one in answers))
        for one in np.arange(_CHUNK * regime.tasks).reshape(_CHUNK, -1):
            delivered = rng.random(regime.tasks) >= regime.missing
            drawn = (gains[one] * delivered, again[:, one] * delivered)
            found.append(total_interval(*drawn, seed=len(found), replicates=REPLICATES, bounds=BOUNDS))
    return summarize_intervals(np.array(found), truth * (1 - regime.missing))


def gain_coverage(regime: Regime, worlds: int, seed: int = 0) -> IntervalCoverage:
    """Return the share of intervals of one task's gain that cover its true gain, over admitted tasks."""
    rng = np.random.default_rng(seed)
    counts = resample_counts(regime.items, 1_000, seed)
    answers, true = _draw_admitted(regime, worlds, rng)
    columns = zip(*(one.T.astype(np.float64) for one in answers), strict=True)
    found = []
    for world in columns:
        score, base, reference = rescore([build_mean_result("accuracy", one.tolist()) for one in world], counts)
        found.append(gain_interval(score, base, reference, SCALE))
    return summarize_intervals(np.array(found), true)


def share_coverage(items: int, share: float) -> float:
    """Return the coverage of the interval of a share: exact, over all numbers of right answers."""
    right = np.arange(items + 1)
    steps = np.log((items - right[:-1]) / (right[:-1] + 1.0)) + np.log(share / (1 - share))
    logs = np.concatenate([[0.0], np.cumsum(steps)]) + items * np.log1p(-share)
    low, high = np.array([score_interval(Rescored(n / items, np.empty(0), items, binary=True)) for n in right]).T
    return float(np.exp(logs)[(low <= share) & (share <= high)].sum())


@dataclass(frozen=True)
class Shape:
    """Distribution of a metric's values over items: 0, 1, or between (beta)."""

    name: str
    zero: float
    one: float
    beta: tuple[float, float]

    @property
    def mean(self) -> float:
        """Mean over all possible items."""
        return self.one + (1 - self.zero - self.one) * self.beta[0] / sum(self.beta)

    def draw(self, rng: Rng, shape: tuple[int, int]) -> Floats:
        """Draw items of this shape."""
        kind, between = rng.random(shape), rng.beta(*self.beta, shape)
        return np.where(kind < self.zero, 0.0, np.where(kind < self.zero + self.one, 1.0, between))


SHAPES = (
    Shape("token F1: 40% of items 0, 20% 1", 0.4, 0.2, (2, 2)),
    Shape("ROUGE-L: 2% of items 0, mean 0.2", 0.02, 0.0, (2, 8)),
    Shape("token F1, weak: 85% of items 0", 0.85, 0.02, (2, 3)),
    Shape("token F1, strong: 70% of items 1", 0.03, 0.7, (5, 2)),
)


def score_coverage(shape: Shape, items: int, worlds: int, seed: int = 0) -> IntervalCoverage:
    """Return the share of intervals of a mean over items that cover the true mean."""
    drawn = shape.draw(np.random.default_rng(seed), (worlds, items))
    measured = [build_mean_result("f1", values.tolist()) for values in drawn]
    rescored = rescore(measured, resample_counts(items, 1_000, seed))
    return summarize_intervals(np.array([score_interval(one) for one in rescored]), shape.mean)


@dataclass(frozen=True)
class SimulatedBoard:
    """A kind of board: two systems are equal, the others anywhere."""

    name: str
    others: int
    tasks: int
    noise: float
    """SD of a system's gain on a task around the value that its quality and the task explain."""
    spread: float = 0.8
    """Upper bound of the qualities, which start at 0; also for the equal ones."""


BOARDS = (
    SimulatedBoard("alone, 208 tasks", 0, 208, 0.3),
    SimulatedBoard("alone, 20 tasks", 0, 20, 0.3),
    SimulatedBoard("among 8, 208 tasks", 8, 208, 0.3),
    SimulatedBoard("among 8, 208 tasks, little noise", 8, 208, 0.1),
    SimulatedBoard("among 8, 20 tasks", 8, 20, 0.3),
    SimulatedBoard("among 28, 208 tasks", 28, 208, 0.3),
    SimulatedBoard("among 98, 208 tasks", 98, 208, 0.3),
)


@dataclass(frozen=True)
class RankSharing:
    """Outcome of rank sets over many boards."""

    share: float
    """Share of boards where the equal systems had the same rank set."""
    alone: float
    """Share of boards where their own tests would have given the same one."""
    places: float
    """Mean number of ranks in a set."""
    places_alone: float
    """Mean number of ranks that a system's own tests leave it."""


def rank_sharing(board: SimulatedBoard, worlds: int, seed: int = 0) -> RankSharing:
    """Measure how often two equal systems share a rank set."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(worlds):
        quality = rng.uniform(0, board.spread, board.others + 2)
        quality[1] = quality[0]
        gains = (
            quality[:, None] + rng.normal(0, 0.3, board.tasks) + rng.normal(0, board.noise, (len(quality), board.tasks))
        )
        sets = rank_sets(np.clip(gains, *BOUNDS))
        one, two = sets[:2]
        own = [len(sets) - each.better - each.worse for each in sets]
        found.append(
            (
                float(one.group == two.group),
                float((one.better, one.worse) == (two.better, two.worse)),
                float(np.mean([each.last - each.first + 1 for each in sets])),
                float(np.mean(own)),
            )
        )
    return RankSharing(*(float(mean) for mean in np.mean(found, axis=0)))


@dataclass(frozen=True)
class UnlikeShapes:
    """Two systems of equal mean: one gains a little on every task, the other much on a share of the tasks."""

    name: str
    rare: float
    """Gain of the second on its tasks."""
    share: float
    """Share of the tasks where it has a gain."""
    noise: float = 0.1
    """SD of the first system's gain between tasks."""


SHAPES_OF_GAINS = (
    UnlikeShapes("0.2 everywhere, 1.0 on 20% of tasks", 1.0, 0.2),
    UnlikeShapes("0.06 everywhere, 1.2 on 5% of tasks", 1.2, 0.05),
    UnlikeShapes("0.15 everywhere, 1.5 on 10% of tasks", 1.5, 0.1, 0.02),
    UnlikeShapes("0.45 everywhere, 0.9 on half of the tasks", 0.9, 0.5),
)


def parted_share(shapes: UnlikeShapes, tasks: int, worlds: int, seed: int = 0) -> float:
    """Return the share of boards that part two systems of equal mean at LEVEL, of that pair alone."""
    rng = np.random.default_rng(seed)
    size = (worlds, tasks)
    first = rng.normal(shapes.rare * shapes.share, shapes.noise, size)
    second = shapes.rare * (rng.random(size) < shapes.share)
    return float((pair_p(first - second) <= LEVEL).mean())


def _draw_admitted(regime: Regime, tasks: int, rng: Rng) -> tuple[list[NDArray[np.bool_]], Floats]:
    """Draw answers of system, base and reference, each (items, tasks), and the true gains of these tasks."""
    kept: list[tuple[list[NDArray[np.bool_]], Floats]] = []
    while sum(len(true) for _, true in kept) < tasks:
        answers, true = _draw_tasks(regime, tasks, rng)
        _, base, reference = answers
        differences = reference.astype(np.float32) - base
        mean, error = differences.mean(axis=0), differences.std(axis=0, ddof=1) / np.sqrt(regime.items)
        ok = (mean > 0) & (mean >= ADMISSION * error)
        kept.append(([one[:, ok] for one in answers], true[ok]))
    joined = [np.concatenate(parts, axis=1)[:, :tasks] for parts in zip(*(answers for answers, _ in kept), strict=True)]
    return joined, np.concatenate([true for _, true in kept])[:tasks]


def _draw_tasks(regime: Regime, tasks: int, rng: Rng) -> tuple[list[NDArray[np.bool_]], Floats]:
    base = rng.uniform(0.05, 0.35, tasks)
    reference = base + rng.uniform(*regime.width, tasks)
    wanted = rng.normal(0.4, regime.spread, tasks) if regime.spread else rng.gamma(1.5, 0.35, tasks)
    score = np.clip(base + np.clip(wanted, *BOUNDS) * (reference - base), 0, 1)
    shape = (regime.items, tasks)
    difficulty = rng.random(shape, dtype=np.float32)
    answers = [
        np.where(rng.random(shape, dtype=np.float32) < ALIKE, difficulty, rng.random(shape, dtype=np.float32)) < right
        for right in (score, base, reference)
    ]
    return answers, SCALE(score, base, reference)


def summarize_intervals(intervals: Floats, truth: Floats | float | np.floating[Any]) -> IntervalCoverage:
    """Summarize intervals, shape (worlds, 2), of one truth or of one for each world."""
    low, high = intervals.T
    return IntervalCoverage(
        float(((low <= truth) & (truth <= high)).mean()), len(intervals), float(np.median(high - low))
    )
