"""Wide tables of the compare page: one column for each of two to five systems, on the same tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from leaderboard.data.comparison_key import ComparisonKey
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.systems import SystemResult, scores_by_task
from leaderboard.data.tables.system_categories import category_rows
from leaderboard.data.tables.table_frames import Table
from leaderboard.tracks import board_named
from submissions.index.result_tables import scale_name
from submissions.records.base import Score
from submissions.records.result import MethodScore
from submissions.tracks import get_track

FEWEST, MOST = 2, 5
"""Systems that can be compared at once and still be told apart in a picture."""


def compare_tasks(snapshot: Snapshot, chosen: Sequence[SystemResult], terms: ComparisonKey) -> Table:
    """One row per task; per system a column named by its slug, and its interval's ends beside it.

    `difference` is the first system's gain minus the best of the others'; rows are sorted by it in descending
    order, unscored ones last.
    """
    found = {entry.slug: scores_by_task(snapshot, entry.result, terms.method, terms.subset) for entry in chosen}
    names = dict.fromkeys(task for of_system in found.values() for task in of_system)
    rows = [_task_row(snapshot, name, {slug: of.get(name) for slug, of in found.items()}) for name in names]
    rows.sort(key=lambda row: (row["difference"] is None, -(row["difference"] or 0.0)))
    texts = ["task", "title", "category", "kind", "scale"]
    numbers = [f"{slug}{end}" for slug in found for end in ("", "_low", "_high")]
    return Table(
        f"compare-{terms.track}-{terms.protocol}-{terms.method}-{terms.subset}",
        _wide_frame(rows, texts, ["difference", *numbers]),
    )


def compare_totals(chosen: Sequence[SystemResult], terms: ComparisonKey) -> Table:
    """One row per kind and method; the systems' means and intervals in columns named by slug."""
    rows = []
    for group in get_track(terms.track).group_keys:
        for method in get_track(terms.track).method_keys:
            row: dict[str, Any] = {"group": group, "method": method, "subset": terms.subset}
            for entry in chosen:
                row |= _score_cells(entry.slug, _group_total(entry, method, terms.subset, group))
            rows.append(row)
    return Table(f"compare-totals-{terms.protocol}", _system_frame(rows, ["group", "method", "subset"], chosen))


def compare_categories(snapshot: Snapshot, chosen: Sequence[SystemResult], terms: ComparisonKey) -> Table:
    """One row per category of tasks; the systems' mean gains in columns named by slug."""
    found = {entry.slug: category_rows(snapshot, entry, terms) for entry in chosen}
    rows = []
    for name in sorted({category for of_system in found.values() for category in of_system}):
        tasks = max(of[name].n for of in found.values() if name in of)
        row: dict[str, Any] = {"category": name, "tasks": tasks}
        for slug, of in found.items():
            one = of.get(name)
            row |= {slug: one.gain if one else None, f"{slug}_why": one.why if one else "no such tasks"}
            row |= {f"{slug}_{end}": getattr(one, f"gain_{end}") if one else None for end in ("low", "high")}
        rows.append(row)
    return Table(f"compare-categories-{terms.protocol}", _system_frame(rows, ["category"], chosen, ["tasks"]))


def compare_dimensions(chosen: Sequence[SystemResult], terms: ComparisonKey) -> Table:
    """One row per metadata dimension, the averaged ones first, the average last; a column per judged system."""
    judged = [entry for entry in chosen if entry.result.metadata]
    scores = (score for entry in judged if entry.result.metadata for score in entry.result.metadata.dimensions)
    rows = []
    for name in (*dict.fromkeys((*board_named(terms.track).dimensions, *(score.name for score in scores))), "average"):
        row: dict[str, Any] = {"dimension": name}
        for entry in judged:
            assert entry.result.metadata
            found = {score.name: score.value for score in entry.result.metadata.dimensions}
            row[entry.slug] = (found | {"average": entry.result.metadata.average.value}).get(name)
        rows.append(row)
    frame = _wide_frame(rows if judged else [], ["dimension"], [entry.slug for entry in judged])
    return Table("compare-metadata", frame)


def _task_row(snapshot: Snapshot, name: str, found: Mapping[str, MethodScore | None]) -> dict[str, Any]:
    task = snapshot.tasks.get(name)
    row: dict[str, Any] = {
        "task": name,
        "title": task.title if task else name,
        "category": task.category if task else None,
        "kind": task.kind if task else None,
        "scale": next(scale_name(score.gain) for score in found.values() if score),
    }
    for slug, score in found.items():
        low, high = (score.gain.interval if score else None) or (None, None)
        row |= {slug: score.gain.value if score else None, f"{slug}_low": low, f"{slug}_high": high}
    first, *others = (row[slug] for slug in found)
    whole = first is not None and None not in others
    return row | {"difference": first - max(others) if whole and others else None}


def _group_total(entry: SystemResult, method: str, subset: str, group: str) -> Score | None:
    total = entry.result.find_total(method, subset, group)
    return total.gain if total else None


def _score_cells(slug: str, score: Score | None) -> dict[str, Any]:
    low, high = (score.interval if score else None) or (None, None)
    why = score.why if score else "the result has no such total"
    return {slug: score.value if score else None, f"{slug}_low": low, f"{slug}_high": high, f"{slug}_why": why}


def _system_frame(
    rows: list[dict[str, Any]], texts: list[str], chosen: Sequence[SystemResult], counts: Sequence[str] = ()
) -> pd.DataFrame:
    numbers = [f"{entry.slug}{end}" for entry in chosen for end in ("", "_low", "_high")]
    return _wide_frame(rows, [*texts, *(f"{entry.slug}_why" for entry in chosen)], numbers, counts)


def _wide_frame(
    rows: list[dict[str, Any]], texts: list[str], numbers: list[str], counts: Sequence[str] = ()
) -> pd.DataFrame:
    """Build a frame with slugs as columns; a spreadsheet would execute a name that starts like a formula."""
    types = dict.fromkeys(texts, "str") | dict.fromkeys(counts, "Int64") | dict.fromkeys(numbers, "Float64")
    return pd.DataFrame(rows, columns=list(types), dtype="object").astype(types)
