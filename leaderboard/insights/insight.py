"""Insights: a question, a computed sentence, a table, and charts of that table; each track registers its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from leaderboard.charts.svg_charts import Dot, Plot, build_axis, type_shape
from leaderboard.data.correlation import describe_correlation, spearman
from leaderboard.data.tables.table_frames import Table, TableRow
from leaderboard.insights.pareto import Point
from leaderboard.insights.system_figures import Figure, SystemFigures
from leaderboard.templates import format_figure, strip_bidi
from submissions.tracks.published_protocol import ProtocolScale

MIN_SYSTEMS = 2
"""Minimum number of systems for a chart; with fewer it adds nothing to the table."""
MAX_DOTS = 100
"""Maximum dots of a readable chart, beside those on a frontier."""


@dataclass(frozen=True)
class SystemRow(TableRow):
    """Common first fields of all insight rows."""

    number: int
    """Label of the system's dots; not a rank."""
    system: str
    team: str
    system_type: str
    badge: str
    """`evaluated` or `published`."""
    submission: str | None
    protocol: str
    unit: str
    """Unit of the figures under the protocol."""


@dataclass(frozen=True)
class InsightColumn:
    """One column of figures: a field of the row, whose interval, if any, is in `…_low` and `…_high`."""

    key: str
    label: str
    decimals: int = 3


@dataclass(frozen=True)
class Insight:
    """One section of the page."""

    name: str
    """Name in URLs."""
    title: str
    sentence: str
    """Finding, computed from the data."""
    about: str
    """Reading aid, with the limits of the finding."""
    table: Table
    columns: tuple[InsightColumn, ...]
    texts: tuple[InsightColumn, ...] = ()
    """Further text columns."""
    plots: tuple[Plot, ...] = ()
    """Empty if there are too few systems."""

    @property
    def shown(self) -> list[dict[str, Any]]:
        """Rows on the page: those of the drawn systems, or the first rows if there is no chart."""
        drawn = {int(dot.label) for plot in self.plots for dot in plot.dots}
        frame = self.table.frame
        chosen = frame[frame["number"].isin(drawn)] if drawn else frame
        return Table(self.table.name, chosen[: max(MAX_DOTS, len(drawn))]).rows


@dataclass(frozen=True)
class InsightSpec:
    """One insight that a track registers in its board."""

    name: str
    """Its section on the page, and its downloads: `/insights/<name>.csv` and so on."""
    row: type[SystemRow]
    """Class of the table's rows."""
    build: Callable[[list[SystemFigures], str, ProtocolScale], Insight]
    """Makes the section from a protocol's systems, the protocol's name and its scale."""


Pair = tuple[SystemFigures, Any]
"""A system and its row."""


def row_identity(of: SystemFigures, protocol: str, scale: ProtocolScale) -> dict[str, Any]:
    """Common first fields of a row."""
    names = ("number", "system", "team", "system_type", "badge", "submission")
    return {name: getattr(of, name) for name in names} | {"protocol": protocol, "unit": scale.unit}


def interval_fields(name: str, found: Figure) -> dict[str, Any]:
    """Expand a figure into three fields of a row."""
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def build_plots(
    pairs: Sequence[Pair],
    xs: Iterable[InsightColumn],
    y: InsightColumn,
    *,
    log: bool = False,
    diagonal: bool = False,
    frontiers: Sequence[Sequence[Point]] = (),
) -> tuple[Plot, ...]:
    """Build one chart per column, all with the same axes; none for too few systems.

    If there are too many systems, some are left out, but none on a frontier.
    """
    columns = list(xs)
    pairs = [pair for pair in pairs if not log or all(getattr(pair[1], column.key) > 0 for column in columns)]
    if len(pairs) < MIN_SYSTEMS:
        return ()
    every, best = ceil(len(pairs) / MAX_DOTS), {point for points in frontiers for point in points}
    drawn = [
        (of, row)
        for place, (of, row) in enumerate(pairs)
        if place % every == 0 or any((getattr(row, column.key), getattr(row, y.key)) in best for column in columns)
    ]
    along = [value for _, row in drawn for column in columns for value in _axis_values(row, column)]
    up = build_axis(_capitalize_label(y.label), [value for _, row in drawn for value in _axis_values(row, y)])
    return tuple(
        Plot(f"{column.label} against {y.label}: the systems of the table below",
             build_axis(column.label, along, log=log), up,
             [_system_dot(pair, column, y) for pair in drawn], diagonal, frontiers)
        for column in columns
    )  # fmt: skip


def _capitalize_label(label: str) -> str:
    return label[:1].upper() + label[1:]


def _axis_values(row: SystemRow, column: InsightColumn) -> list[float]:
    return [getattr(row, column.key), *(_interval_ends(row, column) or ())]


def _interval_ends(row: SystemRow, column: InsightColumn) -> tuple[float, float] | None:
    low, high = getattr(row, f"{column.key}_low", None), getattr(row, f"{column.key}_high", None)
    return None if low is None or high is None else (low, high)


def _system_dot(pair: Pair, x: InsightColumn, y: InsightColumn) -> Dot:
    of, row = pair
    told = ", ".join(f"{column.label} {_format_value(row, column)}" for column in (x, y))
    return Dot(
        x=getattr(row, x.key),
        y=getattr(row, y.key),
        title=f"{of.number}. {strip_bidi(of.system)}: {told}",
        href=f"/submissions/{of.submission}?protocol={row.protocol}" if of.submission else None,
        colour=of.colour,
        shape=type_shape(of.system_type),
        label=str(of.number),
        x_ends=_interval_ends(row, x),
        y_ends=_interval_ends(row, y),
        hollow=of.badge == "published",
    )


def _format_value(row: SystemRow, column: InsightColumn) -> str:
    ends = _interval_ends(row, column)
    around = (
        f" ({format_figure(ends[0], column.decimals)} to {format_figure(ends[1], column.decimals)})" if ends else ""
    )
    return format_figure(getattr(row, column.key), column.decimals) + around


def correlation_sentence(pairs: Sequence[Pair], x: str, y: str, agree: str, differ: str) -> str:
    """Describe the rank correlation of two fields, separately for evaluated and published systems."""
    found = []
    for badge in ("evaluated", "published"):
        rows = [row for of, row in pairs if of.badge == badge]
        if rows or (badge == "evaluated" and not pairs):
            told = describe_correlation(
                spearman([getattr(row, x) for row in rows], [getattr(row, y) for row in rows]), agree, differ
            )
            found.append(told if badge == "evaluated" else f"Of the published figures: {told}")
    return " ".join(found)
