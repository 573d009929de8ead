"""Simulated coverage of intervals where items share a passage, with the real code.

A passage is easy or hard for a model: its share of right answers is drawn from a beta distribution, whose width makes
the intraclass correlation. Half of a passage's difficulty is the same for the system and both anchors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats  # type: ignore[import-untyped]

from benchmarks.scoring.coverage import ADMISSION, ALIKE, SCALE, Floats, IntervalCoverage, Rng, summarize_intervals
from evaluator.scoring.metrics.metric_result import MetricResult, build_mean_result
from evaluator.scoring.statistics import (
    Clusters,
    anchor_error,
    gain_interval,
    make_clusters,
    resample_counts,
    rescore,
    score_interval,
)

RESAMPLES = 400
"""Fewer than in earnest for scores, whose clustered error needs none."""
SHARES = (0.45, 0.2, 0.6)
"""True scores of the system, the base model and the reference."""


@dataclass(frozen=True)
class PassageRegime:
    """A kind of test set."""

    passages: int
    items: int
    """Items of each passage."""
    correlation: float = 0.3
    """Intraclass correlation of right answers."""

    @property
    def name(self) -> str:
        """The regime in words."""
        return f"{self.passages} passages of {self.items} items, correlation {self.correlation}"

    @property
    def clusters(self) -> Clusters:
        """Clusters of the items."""
        return make_clusters(np.repeat(np.arange(self.passages), self.items).tolist())


PASSAGES = tuple(PassageRegime(passages, items) for items in (5, 20) for passages in (20, 50, 100))


def score_coverage(
    regime: PassageRegime, worlds: int, share: float = 0.6, seed: int = 0, is_clustered: bool = True
) -> IntervalCoverage:
    """Return the share of intervals of a score that cover the true one; with items taken for independent if asked."""
    rng = np.random.default_rng(seed)
    counts, clusters = _draw_items(regime, RESAMPLES, is_clustered)
    found = []
    for _ in range(worlds):
        (answers,) = _draw_answers(regime, (share,), rng)
        found.append(score_interval(rescore([answers], counts, clusters)[0]))
    return summarize_intervals(np.array(found), share)


def gain_coverage(regime: PassageRegime, worlds: int, seed: int = 0, is_clustered: bool = True) -> IntervalCoverage:
    """Return the share of intervals of a gain that cover the true one, over admitted worlds."""
    rng = np.random.default_rng(seed)
    counts, clusters = _draw_items(regime, 1_000, is_clustered)
    found: list[tuple[float, float]] = []
    while len(found) < worlds:
        answers = _draw_answers(regime, SHARES, rng)
        _, base, reference = answers
        width = reference.items, base.items
        error = anchor_error(reference, base, clusters=regime.clusters)
        if np.mean(width[0]) - np.mean(width[1]) < ADMISSION * error:
            continue
        score, low, high = rescore(answers, counts, clusters)
        found.append(gain_interval(score, low, high, SCALE))
    return summarize_intervals(np.array(found), float(SCALE(*(np.array(share) for share in SHARES))))


def _draw_items(regime: PassageRegime, resamples: int, is_clustered: bool) -> tuple[Floats, Clusters | None]:
    if is_clustered:
        return regime.clusters.draw(resamples, 1), regime.clusters
    return resample_counts(regime.passages * regime.items, resamples, 1), None


def _draw_answers(regime: PassageRegime, shares: tuple[float, ...], rng: Rng) -> list[MetricResult]:
    """Draw each model's right-or-wrong answers to the same items."""
    shape = (regime.passages, regime.items)
    passages, difficulty = rng.random(shape[0]), rng.random(shape)
    found = []
    for share in shares:
        own = np.where(rng.random(shape[0]) < 0.5, passages, rng.random(shape[0]))
        rates = _passage_rates(own, share, regime.correlation)
        answers = np.where(rng.random(shape) < ALIKE, difficulty, rng.random(shape)) < rates[:, None]
        found.append(build_mean_result("accuracy", answers.ravel().astype(np.float64).tolist()))
    return found


def _passage_rates(quantiles: NDArray[np.float64], share: float, correlation: float) -> Floats:
    if not correlation:
        return np.full(len(quantiles), share)
    size = (1 - correlation) / correlation
    rates: Floats = stats.beta.ppf(quantiles, share * size, (1 - share) * size)
    return rates
