"""Fine-tune gain against the number of tokens in all trainings."""

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

NAME = "tokens"


@dataclass(frozen=True)
class TokensRow(SystemRow):
    """One system with counted training tokens."""

    tokens: int
    """Prompt and target tokens trained on, in all epochs of all tasks."""
    fine_tune: float
    fine_tune_low: float | None
    fine_tune_high: float | None
    frontier: bool | None = None
    """True if no other system gains more with fewer tokens; None without any tokens."""


def build_insight(systems: list[SystemFigures], protocol: str, scale: ProtocolScale) -> Insight:
    """Build the section from a protocol's systems."""
    found: list[Pair] = [
        (
            one,
            TokensRow(
                **row_identity(one, protocol, scale),
                tokens=one.ledger.tokens_trained,
                **interval_fields("fine_tune", gain),
            ),
        )
        for one in systems
        if one.ledger is not None and (gain := one.figures.get(("fine_tune", "overall")))
    ]
    pairs, best = mark_frontier(found, "tokens", "fine_tune")
    x = InsightColumn("tokens", "Tokens trained, all tasks", 0)
    y = InsightColumn("fine_tune", f"Fine-tune: {scale.heading.lower()}", scale.decimals)
    agree, differ = "systems whose data has more tokens gain more", "systems whose data has more tokens gain less"
    return Insight(
        name=NAME,
        title="Tokens vs gain",
        sentence=correlation_sentence(pairs, "tokens", "fine_tune", agree, differ)
        + frontier_sentence(pairs, "fewer tokens"),
        about="Tokens of prompt and target in all epochs, as counted by the trainer after truncation, on a logarithmic "
        "axis. Systems without a cost record are excluded. The line is the frontier; it ignores the intervals.",
        table=Table(f"insight-{NAME}-{protocol}", frame_of(TokensRow, [row for _, row in pairs])),
        columns=(x, y),
        texts=(InsightColumn("frontier", "On the frontier"),),
        plots=build_plots(pairs, [x], y, log=True, frontiers=best),
    )
