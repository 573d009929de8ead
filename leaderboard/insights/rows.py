"""Does more data teach more? The fine-tune gain against the rows that were trained on."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.insights.insight import Column, Insight, Pair, SystemRow, cells, correlated, identity, plots
from leaderboard.measured import Measured
from leaderboard.protocols import Scale
from leaderboard.tables import Table, frame_of

NAME = "rows"


@dataclass(frozen=True)
class RowsRow(SystemRow):
    """One system that was fine-tuned on its rows."""

    rows: float
    """Rows trained on: the mean over tasks, 0 for a task that was not delivered, as in the mean gain."""
    fine_tune: float
    fine_tune_low: float | None
    fine_tune_high: float | None


def insight(systems: list[Measured], protocol: str, scale: Scale) -> Insight:
    """The section of a protocol's systems."""
    pairs: list[Pair] = [
        (one, RowsRow(**identity(one, protocol, scale), rows=one.rows, **cells("fine_tune", found)))
        for one in systems
        if one.rows is not None and (found := one.figures.get(("fine_tune", "overall")))
    ]
    x = Column("rows", "Rows used, mean over tasks", 1)
    y = Column("fine_tune", f"Fine-tune: {scale.heading.lower()}", scale.decimals)
    return Insight(
        name=NAME,
        title="Does more data teach more?",
        sentence=correlated(
            pairs,
            "rows",
            "fine_tune",
            "systems that deliver more rows gain more",
            "systems that deliver more gain less",
        ),
        about="Rows left after the screen that the model was trained on, a task without any counted as 0, on a "
        "logarithmic axis. Cost and tokens are not shown: no result holds them yet.",
        table=Table(f"insight-{NAME}-{protocol}", frame_of(RowsRow, [row for _, row in pairs])),
        columns=(x, y),
        plots=plots(pairs, [x], y, log=True),
    )
