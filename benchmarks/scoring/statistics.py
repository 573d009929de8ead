"""Cost of the statistics and their simulated coverage: seconds and peak memory.

Run `python -m benchmarks.scoring.statistics [--systems N] [--tasks N] [--worlds N]`; 0 worlds leave the coverage out.
The work is a whole board: every system's score and gain interval on every task, three totals each, and the rank sets
of all. The alternative is the usual scipy function, run on a slice and multiplied up; it resamples one list of
numbers at a time, so it has neither the anchors' noise, nor two levels, nor the same items for all.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from scipy import stats  # type: ignore[import-untyped]

from benchmarks.scoring import cluster_coverage, coverage
from benchmarks.scoring.coverage import BOUNDS, SCALE, Floats
from evaluator.scoring.metrics.metric_result import MetricResult
from evaluator.scoring.statistics import (
    REPLICATES,
    RESAMPLES,
    gain_interval,
    item_seed,
    resample_counts,
    rescore,
    score_interval,
    total_interval,
)
from leaderboard.ranking.pairwise_tests import rank_sets_from_tests, run_pairwise_tests
from leaderboard.ranking.rank_sets import rank_sets
from leaderboard.ranking.skew_test import MIN_RARE

ITEMS = (200, 1_000)
KNOWLEDGE = 51 / 208
"""Share of the tasks in the smaller of the two groups."""
CROWD = 5_000
"""Systems of the large board whose rank sets are timed."""
SLICE = 5
"""Number of scipy calls that are timed."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", type=int, default=100)
    parser.add_argument("--tasks", type=int, default=208)
    parser.add_argument("--worlds", type=int, default=1000, help="simulated benchmarks for each line of coverage")
    given = parser.parse_args()
    measure_board(given.systems, given.tasks)
    measure_crowd(CROWD, given.tasks)
    if given.worlds:
        print_coverage(given.worlds)


def measure_board(systems: int, tasks: int) -> None:
    """Print the cost of all statistics of one board, beside scipy."""
    clock: dict[str, float] = {}
    gains, again = np.empty((systems, tasks)), np.empty((systems, RESAMPLES, tasks))
    for task, measured in enumerate(draw_answers(systems, tasks)):
        with time_block(clock, "items drawn again"):
            counts = resample_counts(len(measured[0].statistics), RESAMPLES, item_seed(0, f"task-{task}", ""))
            base, reference, *scores = rescore(measured, counts)
            for system, score in enumerate(scores):
                again[system, :, task] = SCALE(score.again, base.again, reference.again)
                gains[system, task] = SCALE(*(np.array(one.value) for one in (score, base, reference)))
        with time_block(clock, "intervals of scores and gains"):
            for score in scores:
                score_interval(score)
                gain_interval(score, base, reference, SCALE)
    cut = round(tasks * KNOWLEDGE)
    with time_block(clock, "intervals of totals"):
        for system in range(systems):
            for group in (slice(None), slice(cut), slice(cut, None)):
                total_interval(gains[system, group], again[system][:, group], 0, REPLICATES, BOUNDS)
    with time_block(clock, "rank sets"):
        rank_sets(gains)
    peak = read_peak_megabytes()
    print(f"{systems} systems x {tasks} tasks of {ITEMS[0]}-{ITEMS[1]} items, {os.cpu_count()} cores")
    print(f"{RESAMPLES} choices of items a task, {REPLICATES} replicates a total")
    print_costs(clock, time_scipy(next(draw_answers(systems, 1)), gains))
    print(f"peak memory {peak:.0f} MB\n")


def measure_crowd(systems: int, tasks: int) -> None:
    """Print the cost of the rank sets of a large board."""
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 0.8, (systems, 1)) + rng.normal(0, 0.3, tasks) + rng.normal(0, 0.3, (systems, tasks))
    started = time.process_time()
    rank_sets_from_tests(run_pairwise_tests(np.clip(values, *BOUNDS)))
    print(f"rank sets of {systems} systems x {tasks} tasks: {time.process_time() - started:.1f} s of CPU\n")


def draw_answers(systems: int, tasks: int) -> Iterator[list[MetricResult]]:
    """Yield for each task the right-or-wrong answers of the base, the reference and all systems."""
    rng = np.random.default_rng(0)
    quality = rng.uniform(0, 0.8, systems)
    for _ in range(tasks):
        base = rng.uniform(0.05, 0.35)
        reference = base + rng.uniform(0.2, 0.6)
        gains = np.clip(quality + rng.normal(0, 0.3, systems), *BOUNDS)
        right = np.clip([base, reference, *(base + gains * (reference - base))], 0, 1)
        answers = rng.random((len(right), int(rng.integers(*ITEMS)))) < right[:, None]
        yield [MetricResult("accuracy", np.stack([row, np.ones(len(row))], axis=1)) for row in answers]


def time_scipy(answers: Sequence[MetricResult], gains: Floats) -> dict[str, float]:
    """Return scipy's seconds for the same numbers of intervals and pairs."""
    systems, tasks = gains.shape

    def interval(values: Floats, resamples: int) -> object:
        return stats.bootstrap((values,), np.mean, n_resamples=resamples, method="percentile", rng=0)

    def test(differences: Floats) -> object:
        kind = {"permutation_type": "samples", "vectorized": True}
        return stats.permutation_test((differences,), np.mean, n_resamples=9_999, rng=0, **kind)

    columns = [one.statistics[:, 0] for one in answers[:SLICE]]
    return {
        "intervals of scores and gains": 2
        * systems
        * tasks
        * time_per_call(lambda one: interval(one, RESAMPLES), columns),
        "intervals of totals": 3 * systems * time_per_call(lambda one: interval(one, REPLICATES), gains[:SLICE]),
        "rank sets": systems * (systems - 1) / 2 * time_per_call(test, np.diff(gains[: SLICE + 1], axis=0)),
    }


def time_per_call(work: Callable[[Floats], object], given: Iterable[Floats]) -> float:
    """Return the median seconds of one call."""
    seconds = []
    for one in given:
        started = time.perf_counter()
        work(one)
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))


def print_costs(ours: dict[str, float], theirs: dict[str, float]) -> None:
    """Print seconds beside scipy's."""
    print(f"{'':32}{'seconds':>9}{'scipy, multiplied up':>22}{'ratio':>8}")
    for name, seconds in ours.items():
        beside = f"{theirs[name]:22.1f}{theirs[name] / seconds:8.1f}" if name in theirs else ""
        print(f"{name:32}{seconds:9.2f}{beside}")
    total, others = sum(ours.values()), sum(theirs.values())
    print(f"{'all':32}{total:9.2f}{others:22.1f}{others / total:8.1f}")


def print_coverage(worlds: int) -> None:
    """Print how often intervals cover the truth, and how often equal systems share a rank set."""
    print(f"95% intervals of totals, {worlds} benchmarks each (error: of the simulation){'coverage':>9}  error  width")
    for regime in coverage.TOTALS:
        print_interval_coverage(regime.name, coverage.total_coverage(regime, worlds))
    print("\n95% intervals of a task's gain")
    for items in (25, 50, 100, 500):
        print_interval_coverage(f"{items} items", coverage.gain_coverage(coverage.Regime("", 1, items), worlds))
    print("\n95% intervals of a score")
    for items in (50, 100, 500):
        exact = [coverage.share_coverage(items, tenths / 10) for tenths in range(1, 10)]
        print(f"{f'share of 0.1 to 0.9, {items} items, exact':76}{min(exact):.3f}-{max(exact):.3f}")
        for shape in coverage.SHAPES:
            print_interval_coverage(f"{shape.name}, {items} items", coverage.score_coverage(shape, items, worlds))
    print("\n95% intervals where items share a passage: of a score, of a gain; * with items taken for independent")
    for passages in cluster_coverage.PASSAGES:
        for what, cover in (("score", cluster_coverage.score_coverage), ("gain", cluster_coverage.gain_coverage)):
            print_interval_coverage(f"{what}, {passages.name}", cover(passages, worlds))
            print_interval_coverage(f"{what}, {passages.name} *", cover(passages, worlds, is_clustered=False))
    print("\nTwo equal systems: share a set, would by their own tests alone; places in a set, by own tests")
    for board in coverage.BOARDS:
        found = coverage.rank_sharing(board, max(1, worlds // (1 + board.others // 10)))
        figures = f"{found.share:.3f}{found.alone:8.3f}{found.places:8.1f}{found.places_alone:8.1f}"
        print(f"{board.name:76}{figures}")

    print("\nTwo systems of equal mean and unlike shapes: parted at 2.5%")
    for shapes in coverage.SHAPES_OF_GAINS:
        counts = [tasks for tasks in (10, 14, 20, 25, 51, 100, 157, 208) if tasks * shapes.share >= MIN_RARE]
        figures = " ".join(f"T{tasks} {coverage.parted_share(shapes, tasks, 20 * worlds):.3f}" for tasks in counts)
        print(f"{shapes.name:50}{figures}")


def print_interval_coverage(name: str, found: coverage.IntervalCoverage) -> None:
    """Print one line."""
    print(f"{name:76}{found.share:9.3f}{found.error:7.3f}{found.width:7.3f}", flush=True)


@contextmanager
def time_block(clock: dict[str, float], name: str) -> Iterator[None]:
    """Add the block's seconds to the clock."""
    started = time.perf_counter()
    yield
    clock[name] = clock.get(name, 0.0) + time.perf_counter() - started


def read_peak_megabytes() -> float:
    """Return the peak resident memory of this process."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
