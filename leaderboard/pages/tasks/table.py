"""Rows of the task list, and the difficulty plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leaderboard.charts.plotly_charts import PALETTE
from leaderboard.charts.svg_charts import SHAPES, Dot, Plot, build_axis
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.table_frames import TableRow
from leaderboard.data.tables.task_difficulty import Difficulty, task_difficulties
from leaderboard.templates import format_figure, humanize, strip_bidi
from submissions.records.task import Task
from submissions.tracks import TRACKS


@dataclass(frozen=True)
class TaskRow(TableRow):
    """One task in the list."""

    id: str
    title: str
    category: str
    kind: str
    language: str
    subsets: str
    """Space-separated names."""
    metric: str
    track: str
    protocol: str
    base: float | None
    """Score of the untouched model under the protocol, 0 to 1; None while nothing is scored."""
    base_low: float | None
    base_high: float | None
    reference: float | None
    """Score of the model trained on the real data set."""
    reference_low: float | None
    reference_high: float | None
    systems: int | None
    """Systems whose headline gain has an interval; None under a protocol without gains."""
    gained: int | None
    """Number of these systems whose interval lies above 0."""
    corner_case: bool | None
    """True if no system has a clear gain; None if none was measured."""


def task_row(snapshot: Snapshot, task: Task, protocol: str) -> TaskRow:
    """Build a task's row with its difficulty under a protocol."""
    shared = task.model_dump(include={"id", "title", "category", "kind", "language", "metric", "track"})
    found = task_difficulties(snapshot, task.track, protocol).get(task.id)
    return TaskRow(**shared, subsets=", ".join(task.subsets), protocol=protocol, **_difficulty_cells(found))


def _difficulty_cells(found: Difficulty | None) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(found, name, None) for name in ("systems", "gained", "corner_case")}
    for name in ("base", "reference"):
        score = getattr(found, name, None)
        low, high = (score.interval if score else None) or (None, None)
        values |= {name: score.value if score else None, f"{name}_low": low, f"{name}_high": high}
    return values


def difficulty_plot(rows: list[TaskRow], protocol: str) -> dict[str, Any]:
    """Build the difficulty plot and its key; None without two scored tasks."""
    drawn = [row for row in rows if row.base is not None and row.reference is not None]
    marks = _category_marks(rows)
    used = sorted({row.category for row in drawn})
    key = [(humanize(name), *marks[name]) for name in used]
    if len(drawn) < 2:
        return {"plot": None, "key": key}
    x = build_axis("Base score: without training", [0.0, 1.0, *(row.base for row in drawn if row.base is not None)])
    y = build_axis("Reference score: trained on the real data",
             [0.0, 1.0, *(row.reference for row in drawn if row.reference is not None)])  # fmt: skip
    name = f"Base score against reference score of {len(drawn)} tasks under {protocol}"
    return {
        "plot": Plot(name, x, y, [_task_dot(row, *marks[row.category]) for row in drawn], diagonal=True),
        "key": key,
    }


def _category_marks(rows: list[TaskRow]) -> dict[str, tuple[str, str]]:
    """Shape and colour of each category, by its position in its track, unaffected by filters."""
    found: dict[str, tuple[str, str]] = {}
    for track in {row.track: None for row in rows}:
        names = [*TRACKS[track].categories] if track in TRACKS else []
        names += sorted({row.category for row in rows if row.track == track} - set(names))
        for place, name in enumerate(names):
            found.setdefault(name, (SHAPES[place % len(SHAPES)], PALETTE[place % len(PALETTE)]))
    return found


def _task_dot(row: TaskRow, shape: str, colour: str) -> Dot:
    assert row.base is not None
    assert row.reference is not None
    corner = ", corner case" if row.corner_case else ""
    scores = f"base {format_figure(row.base, 3)}, reference {format_figure(row.reference, 3)}"
    told = f"{scores}, {humanize(row.category)}{corner}"
    return Dot(row.base, row.reference, f"{strip_bidi(row.title)}: {told}", f"/tasks/{row.id}", colour, shape)
