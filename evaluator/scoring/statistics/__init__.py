"""Uncertainty: intervals of scores, gains and totals by resampling items and tasks, and training noise."""

from evaluator.scoring.statistics.clusters import ROUGH_BELOW, Clusters, make_clusters
from evaluator.scoring.statistics.intervals import Scale, gain_interval, gain_scale, percentile_interval, score_interval
from evaluator.scoring.statistics.noise import anchor_error, seed_noise_of_total, seed_sd
from evaluator.scoring.statistics.resampling import (
    RESAMPLES,
    Rescored,
    constant_score,
    item_seed,
    resample_counts,
    rescore,
)
from evaluator.scoring.statistics.totals import REPLICATES, total_interval

__all__ = [
    "REPLICATES",
    "RESAMPLES",
    "ROUGH_BELOW",
    "Clusters",
    "Rescored",
    "Scale",
    "anchor_error",
    "constant_score",
    "gain_interval",
    "gain_scale",
    "item_seed",
    "make_clusters",
    "percentile_interval",
    "resample_counts",
    "rescore",
    "score_interval",
    "seed_noise_of_total",
    "seed_sd",
    "total_interval",
]  # fmt: skip
