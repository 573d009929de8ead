"""A system's mean gain in each category of tasks, with an interval if there are enough tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from leaderboard.data.comparison_key import ComparisonKey
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.statistics import student_interval
from leaderboard.data.systems import SystemResult, scores_by_task
from leaderboard.data.tables.table_frames import Table, TableRow, frame_of, sort_rows
from submissions.index.result_tables import scale_name
from submissions.records.result import MethodScore


@dataclass(frozen=True)
class CategoryRow(TableRow):
    """One category's mean over its tasks; an undelivered task counts as in the result."""

    category: str
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    """End of the 95% interval over tasks; None with fewer than four tasks."""
    scale: str
    """`gain`, or `ratio`, where 1 is the reference score."""
    n: int
    """Number of tasks."""
    why: str | None
    """Reason for a missing mean."""


def category_table(snapshot: Snapshot, entry: SystemResult, terms: ComparisonKey) -> Table:
    """Build a system's category table, best first, categories without a mean last."""
    rows = sort_rows(category_rows(snapshot, entry, terms).values(), "-gain")
    return Table(f"system-{entry.slug}-categories-{terms.method}", frame_of(CategoryRow, rows))


def category_rows(snapshot: Snapshot, entry: SystemResult, terms: ComparisonKey) -> dict[str, CategoryRow]:
    """Build a system's category rows by name. Tasks removed from the benchmark belong to none."""
    found: dict[str, list[MethodScore]] = {}
    for task, score in scores_by_task(snapshot, entry.result, terms.method, terms.subset).items():
        if task in snapshot.tasks:
            found.setdefault(snapshot.tasks[task].category, []).append(score)
    return {name: _category_row(name, found[name]) for name in sorted(found)}


def _category_row(category: str, found: Sequence[MethodScore]) -> CategoryRow:
    values = [score.gain.value for score in found if score.gain.value is not None]
    missing = len(found) - len(values)
    low, high = (not missing and student_interval(values)) or (None, None)
    return CategoryRow(
        category=category,
        gain=None if missing else fmean(values),
        gain_low=low,
        gain_high=high,
        scale=scale_name(found[0].gain),
        n=len(found),
        why=f"{missing} of {len(found)} tasks unscored" if missing else None,
    )
