"""Overview of one task under one protocol: the score distribution by method, and the leaders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from operator import attrgetter

from leaderboard.charts.plotly_charts import assign_colours
from leaderboard.charts.svg_charts import Dot, Strip, build_axis, type_shape
from leaderboard.data.published.latest_results import latest_results
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.task_difficulty import Difficulty, task_difficulties
from leaderboard.pages.task.task_score import TaskScore
from leaderboard.templates import format_figure, strip_bidi
from submissions.records.task import Task
from submissions.tracks import get_track
from submissions.tracks.track import Track

LEADERS = 5
SPREAD = (0.0, -0.16, 0.16, -0.32, 0.32)
"""Vertical offsets of successive dots, as shares of the lane, so that equal scores stay visible."""
MAX_DOTS = 100
"""Maximum dots per lane; beyond it, some are left out."""

Rows = Sequence[TaskScore]


@dataclass(frozen=True)
class TaskOverview:
    """Summary above the table of one protocol."""

    difficulty: Difficulty | None
    leaders: Rows
    """Best rows by the headline method, best first."""
    overlapping: int
    """Number of the other leaders whose interval overlaps the first's."""
    plot: Strip | None
    """None if nothing has a score."""
    every: int = 1
    """One of this many scores per method is drawn."""


def task_overview(snapshot: Snapshot, task: Task, protocol: str, rows: Rows) -> TaskOverview:
    """Summarize a task from its rows under a protocol; each system counts once, flagged entries do not."""
    newest, track = latest_results(snapshot, task.track, protocol), get_track(task.track)
    counted = [row for row in rows if row.submission in newest and row.score is not None]
    best = [row for row in counted if row.method == track.headline and row.gain is not None]
    leaders = sorted(best, key=attrgetter("gain"), reverse=True)[:LEADERS]
    found = task_difficulties(snapshot, task.track, protocol).get(task.id)
    every = ceil(max(Counter(row.method for row in counted).values(), default=0) / MAX_DOTS) or 1
    return TaskOverview(
        found,
        leaders,
        _count_overlapping(leaders),
        _score_strip(_thin_rows(counted, every), found, protocol, track),
        every,
    )


def _thin_rows(rows: Rows, every: int) -> Rows:
    """Keep every n-th row of each method by score, including the lowest and the highest."""
    if every == 1:
        return rows
    lanes: dict[str, list[TaskScore]] = {}
    for row in sorted(rows, key=attrgetter("score")):
        lanes.setdefault(row.method, []).append(row)
    return [row for lane in lanes.values() for row in (*lane[:-1:every], lane[-1])]


def _count_overlapping(leaders: Rows) -> int:
    least = leaders[0].gain_low if leaders else None
    if least is None:
        return 0
    return sum(row.gain_high is not None and row.gain_high >= least for row in leaders[1:])


def _score_strip(rows: Rows, found: Difficulty | None, protocol: str, track: Track) -> Strip | None:
    if not rows:
        return None
    anchors = (("base", found.base), ("reference", found.reference)) if found else ()
    lines = [(name, score.value) for name, score in anchors if score.value is not None]
    methods = [name for name in track.method_keys if any(row.method == name for row in rows)]
    x = build_axis("Score", [0.0, *(row.score or 0.0 for row in rows), *(value for _, value in lines)])
    name = f"Every system's score by method under {protocol}; the table below lists the numbers"
    return Strip(name, x, [track.label_method(method) for method in methods], _score_dots(rows, methods, track), lines)


def _score_dots(rows: Rows, methods: Sequence[str], track: Track) -> list[Dot]:
    systems = sorted({(row.system, row.team) for row in rows})
    shades = dict(zip(systems, assign_colours([system for system, _ in systems]), strict=True))
    places = {system: place for place, system in enumerate(systems)}
    return [
        _score_dot(row, track, methods.index(row.method), places[row.system, row.team], shades[row.system, row.team])
        for row in rows
        if row.method in methods
    ]


def _score_dot(row: TaskScore, track: Track, lane: int, place: int, colour: str) -> Dot:
    low, high = row.score_low, row.score_high
    around = "" if low is None or high is None else f" ({format_figure(low, 3)} to {format_figure(high, 3)})"
    score = f"{format_figure(row.score or 0.0, 3)}{around}"
    return Dot(
        x=row.score or 0.0,
        y=lane + SPREAD[place % len(SPREAD)],
        title=f"{strip_bidi(row.system)}, {track.label_method(row.method)}: {score}",
        href=f"/submissions/{row.submission}?protocol={row.protocol}",
        colour=colour,
        shape=type_shape(row.system_type),
    )
