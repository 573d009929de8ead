"""Layout of a dumbbell plot. The template draws SVG in percent of the width, to fit a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leaderboard.charts.plotly_charts import PALETTE, assign_colours

SHAPES = (
    "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z",
    "M-4.5,-4.5h9v9h-9z",
    "M0,-6.5L6.5,0L0,6.5L-6.5,0z",
    "M0,-6L6,5H-6z",
    "M-2,-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
)
"""Circle, square, diamond, triangle and cross around 0: the radar chart's symbols in the same order."""
EDGE = 3.0
"""Percent of the width left free at both ends, so that no mark is cut off."""
LANE = 4
"""Pixels between the intervals of two systems."""


@dataclass(frozen=True)
class Mark:
    """One system on one task. Positions are percent of the width."""

    at: float
    low: float | None
    high: float | None
    lane: float
    """Vertical offset of the interval from the middle, in pixels."""
    hue: int
    shape: str


@dataclass(frozen=True)
class DumbbellStrip:
    """One task's strip of the plot."""

    row: Mapping[str, Any]
    marks: tuple[Mark, ...]
    first: float
    """Position of the lowest mark."""
    last: float


@dataclass(frozen=True)
class PlotTick:
    """One value on the axis with a meaning, such as the untouched model's."""

    value: float
    at: float
    """Position."""
    name: str


@dataclass(frozen=True)
class DumbbellPlot:
    """All strips on one axis."""

    strips: tuple[DumbbellStrip, ...]
    ticks: tuple[PlotTick, ...]


def assign_hues(names: Sequence[str]) -> list[int]:
    """Palette index of each system's colour, the same as in every other chart."""
    return [PALETTE.index(colour) for colour in assign_colours(names)]


def build_dumbbell_plot(
    rows: Sequence[Mapping[str, Any]], slugs: Sequence[str], names: Sequence[str], marked: Mapping[float, str]
) -> DumbbellPlot:
    """Build a strip per task with one mark per system; a task without any gain has no marks.

    `marked` names the values that are on the axis in any case, zero first.
    """
    ends = [row[f"{slug}{end}"] for row in rows for slug in slugs for end in ("", "_low", "_high")]
    values = [*marked, *(end for end in ends if end is not None)]
    low, high = min(values, default=0.0), max(values, default=0.0)

    def percent_at(value: float) -> float:
        share: float = (value - low) / (high - low) if high > low else 0.5
        return round(EDGE + (100 - 2 * EDGE) * share, 2)

    strips = []
    for row in rows:
        marks = []
        for number, (slug, hue) in enumerate(zip(slugs, assign_hues(names), strict=True)):
            if row[slug] is not None:
                span = [
                    None if row[f"{slug}_{end}"] is None else percent_at(row[f"{slug}_{end}"])
                    for end in ("low", "high")
                ]
                lane = LANE * (number - (len(slugs) - 1) / 2)
                marks.append(Mark(percent_at(row[slug]), span[0], span[1], lane, hue, SHAPES[number]))
        at = [mark.at for mark in marks]
        strips.append(DumbbellStrip(row, tuple(marks), min(at, default=0.0), max(at, default=0.0)))
    return DumbbellPlot(
        tuple(strips), tuple(PlotTick(value, percent_at(value), name) for value, name in marked.items())
    )
