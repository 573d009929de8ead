"""How all systems did on one task under one protocol: the distribution of scores by method, and who leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from leaderboard.charts import colours
from leaderboard.difficulty import METHOD, Difficulty, difficulties
from leaderboard.latest import latest
from leaderboard.plots import TYPE_SHAPES, Dot, Strip, axis
from leaderboard.snapshot import Snapshot
from leaderboard.templates import METHOD_NAMES, figure, visible
from submissions.models import METHODS, Task

LEADERS = 5
MOST_DOTS = 100
"""In one lane of the plot, which is no longer read dot by dot then."""
SPREAD = (0.0, -0.16, 0.16, -0.32, 0.32)
"""By how much of a lane dots are moved in turn, so that equal scores do not hide each other."""

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Standing:
    """What stands above the table of one protocol."""

    difficulty: Difficulty | None
    leaders: Rows
    """The best by fine-tune, the best first."""
    overlapping: int
    """How many of the other leaders' intervals reach that of the first."""
    plot: Strip | None
    """None where nothing has a score."""
    is_thinned: bool
    """Whether the plot leaves out systems."""


def standing(snapshot: Snapshot, task: Task, protocol: str, rows: Rows) -> Standing:
    """The standing on a task, from all of its rows under a protocol; each system counts once, and no flagged entry."""
    newest = latest(snapshot, task.track, protocol)
    counted = [row for row in rows if row["submission"] in newest and row["score"] is not None]
    best = [row for row in counted if row["method"] == METHOD and row["gain"] is not None]
    leaders = sorted(best, key=lambda row: -row["gain"])[:LEADERS]
    found = difficulties(snapshot, task.track, protocol).get(task.id)
    drawn = thinned(counted)
    is_thinned = len(drawn) < len(counted)
    return Standing(found, leaders, _overlapping(leaders), _plot(drawn, found, protocol), is_thinned)


def thinned(rows: Rows, most: int = MOST_DOTS) -> Rows:
    """At most so many rows of each method, evenly spaced by score from the lowest to the highest; in their order."""
    kept = set()
    by_score = sorted(range(len(rows)), key=lambda at: (rows[at]["method"], rows[at]["score"]))
    for _, of_method in groupby(by_score, lambda at: rows[at]["method"]):
        places = list(of_method)
        count = min(most, len(places))
        kept |= {places[round(step * (len(places) - 1) / max(1, count - 1))] for step in range(count)}
    return [row for at, row in enumerate(rows) if at in kept]


def _overlapping(leaders: Rows) -> int:
    if not leaders or leaders[0]["gain_low"] is None:
        return 0
    return sum(row["gain_high"] is not None and row["gain_high"] >= leaders[0]["gain_low"] for row in leaders[1:])


def _plot(rows: Rows, found: Difficulty | None, protocol: str) -> Strip | None:
    if not rows:
        return None
    anchors = (("base", found.base), ("reference", found.reference)) if found else ()
    lines = [(name, score.value) for name, score in anchors if score.value is not None]
    methods = [name for name in METHODS if any(row["method"] == name for row in rows)]
    x = axis("Score", [0.0, *(row["score"] for row in rows), *(value for _, value in lines)])
    name = f"Every system's score by method under {protocol}; the table below has the numbers"
    return Strip(name, x, [METHOD_NAMES[method] for method in methods], _dots(rows, methods), lines)


def _dots(rows: Rows, methods: Sequence[str]) -> list[Dot]:
    systems = sorted({(row["system"], row["team"]) for row in rows})
    shades = dict(zip(systems, colours([system for system, _ in systems]), strict=True))
    places = {system: place for place, system in enumerate(systems)}
    return [
        _dot(row, methods.index(row["method"]), places[row["system"], row["team"]], shades[row["system"], row["team"]])
        for row in rows
    ]


def _dot(row: Mapping[str, Any], lane: int, place: int, colour: str) -> Dot:
    ends = (row["score_low"], row["score_high"])
    around = "" if None in ends else f" ({figure(ends[0], 3)} to {figure(ends[1], 3)})"
    return Dot(
        x=row["score"],
        y=lane + SPREAD[place % len(SPREAD)],
        title=f"{visible(row['system'])}, {METHOD_NAMES[row['method']]}: {figure(row['score'], 3)}{around}",
        href=f"/submissions/{row['submission']}?protocol={row['protocol']}",
        colour=colour,
        shape=TYPE_SHAPES[row["system_type"]],
    )
