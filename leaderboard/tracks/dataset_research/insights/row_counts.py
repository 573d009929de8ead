"""Fine-tune gain against the number of rows trained on."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.data.tables.table_frames import Table, frame_of
from leaderboard.insights.insight import (
    Insight,
    InsightColumn,
    Pair,
    SystemRow,
    build_plots,
    correlation_sentence,
    interval_fields,
    row_identity,
)
from leaderboard.insights.pareto_marks import frontier_sentence, mark_frontier
from leaderboard.insights.system_figures import SystemFigures
from submissions.tracks.published_protocol import ProtocolScale

NAME = "rows"


@dataclass(frozen=True)
class RowsRow(SystemRow):
    """One system fine-tuned on its rows."""

    rows: float
    """Rows trained on: the mean over tasks, 0 for an undelivered task, as in the mean gain."""
    fine_tune: float
    fine_tune_low: float | None
    fine_tune_high: float | None
    frontier: bool | None = None
    """True if no other system gains more with fewer rows; None without any rows."""


def build_insight(systems: list[SystemFigures], protocol: str, scale: ProtocolScale) -> Insight:
    """The section of a protocol's systems."""
    found: list[Pair] = [
        (one, RowsRow(**row_identity(one, protocol, scale), rows=one.rows, **interval_fields("fine_tune", gain)))
        for one in systems
        if one.rows is not None and (gain := one.figures.get(("fine_tune", "overall")))
    ]
    pairs, best = mark_frontier(found, "rows", "fine_tune")
    x = InsightColumn("rows", "Rows used, mean over tasks", 1)
    y = InsightColumn("fine_tune", f"Fine-tune: {scale.heading.lower()}", scale.decimals)
    return Insight(
        name=NAME,
        title="Rows vs gain",
        sentence=correlation_sentence(
            pairs,
            "rows",
            "fine_tune",
            "systems that submit more rows gain more",
            "systems that submit more rows gain less",
        )
        + frontier_sentence(pairs, "fewer rows"),
        about="Rows that the model was trained on, after the overlap check, on a logarithmic axis; a task without rows "
        "counts as 0. The line is the frontier; it ignores the intervals.",
        table=Table(f"insight-{NAME}-{protocol}", frame_of(RowsRow, [row for _, row in pairs])),
        columns=(x, y),
        texts=(InsightColumn("frontier", "On the frontier"),),
        plots=build_plots(pairs, [x], y, log=True, frontiers=best),
    )
