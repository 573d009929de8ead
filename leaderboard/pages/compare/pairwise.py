"""Pairwise comparison of systems: tasks won and lost, and the board's test over tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from leaderboard.data.comparison_key import ComparisonKey
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.systems import SystemResult, scores_by_task, system_labels
from leaderboard.data.tables.table_frames import Table, TableRow, frame_of
from leaderboard.ranking.rank_sets import LEVEL, NOISE, benjamini_hochberg, pair_p
from leaderboard.ranking.skew_test import has_too_few_tasks, smallest_visible_difference


@dataclass(frozen=True)
class PairRow(TableRow):
    """Two systems over the tasks for which both have a gain."""

    first: str
    second: str
    first_slug: str
    second_slug: str
    tasks: int
    wins: int
    """Tasks on which the first system gained more, by any amount."""
    losses: int
    ties: int
    difference: float | None
    """Mean of the first system's gain minus the second's."""
    p: float | None
    """Two-sided p-value of the board's paired test over tasks."""
    p_adjusted: float | None
    """p-value adjusted by Benjamini and Hochberg over the pairs of this page."""
    better: str | None
    """System that is significantly better at the board's level; None if the test is inconclusive."""
    smallest_visible: float | None
    """Mean difference that the test, of this pair alone, would find on 80% of boards with this spread."""
    too_few_tasks: bool
    """True if a difference rests on too few tasks: under 10, or under 5 with a rare value."""


def pair_table(snapshot: Snapshot, chosen: Sequence[SystemResult], terms: ComparisonKey) -> Table:
    """Build the table of all pairs, in the systems' order. The test is the board's; the pairs are one family."""
    found = [_gains_by_task(snapshot, entry, terms) for entry in chosen]
    names = system_labels(list(chosen))
    rows = []
    for first, second in combinations(range(len(chosen)), 2):
        common = [task for task in found[first] if task in found[second]]
        less = np.array([found[first][task] - found[second][task] for task in common])
        one, other = chosen[first].slug, chosen[second].slug
        rows.append(_pair_row((names[one], names[other]), (one, other), less))
    return Table(
        f"compare-pairs-{terms.protocol}-{terms.method}-{terms.subset}", frame_of(PairRow, _adjust_p_values(rows))
    )


def _pair_row(names: tuple[str, str], slugs: tuple[str, str], less: NDArray[np.float64]) -> PairRow:
    return PairRow(
        *names,
        *slugs,
        tasks=len(less),
        wins=int((less > NOISE).sum()),
        losses=int((less < -NOISE).sum()),
        ties=int((np.abs(less) <= NOISE).sum()),
        difference=float(less.mean()) if len(less) else None,
        p=float(pair_p([less])[0]) if len(less) else None,
        p_adjusted=None,
        better=None,
        smallest_visible=smallest_visible_difference(less, LEVEL),
        too_few_tasks=has_too_few_tasks(less) if len(less) else True,
    )


def _adjust_p_values(rows: list[PairRow]) -> list[PairRow]:
    """Add adjusted p-values and the better system to the pairs."""
    adjusted = iter(benjamini_hochberg([row.p for row in rows if row.p is not None]).tolist())
    return [row if row.p is None else _with_verdict(row, next(adjusted)) for row in rows]


def _with_verdict(row: PairRow, p: float) -> PairRow:
    ahead = row.first if (row.difference or 0.0) > 0 else row.second
    return replace(row, p_adjusted=p, better=ahead if p <= LEVEL else None)


def _gains_by_task(snapshot: Snapshot, entry: SystemResult, terms: ComparisonKey) -> dict[str, float]:
    found = scores_by_task(snapshot, entry.result, terms.method, terms.subset)
    return {task: score.gain.value for task, score in found.items() if score.gain.value is not None}
