"""Gain on knowledge tasks against gain on reasoning tasks."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.data.tables.table_frames import Table, frame_of
from leaderboard.insights.insight import (
    Insight,
    InsightColumn,
    Pair,
    SystemRow,
    build_plots,
    interval_fields,
    row_identity,
)
from leaderboard.insights.system_figures import SystemFigures
from submissions.tracks.published_protocol import ProtocolScale

NAME = "kinds"


@dataclass(frozen=True)
class KindsRow(SystemRow):
    """One system fine-tuned on tasks of both kinds."""

    knowledge: float
    knowledge_low: float | None
    knowledge_high: float | None
    reasoning: float
    reasoning_low: float | None
    reasoning_high: float | None


def build_insight(systems: list[SystemFigures], protocol: str, scale: ProtocolScale) -> Insight:
    """Build the section from a protocol's systems."""
    pairs: list[Pair] = [
        (one, KindsRow(**row_identity(one, protocol, scale), **interval_fields("knowledge", knowledge),
                       **interval_fields("reasoning", reasoning)))
        for one in systems
        if (knowledge := one.figures.get(("fine_tune", "knowledge")))
        and (reasoning := one.figures.get(("fine_tune", "reasoning")))
    ]  # fmt: skip
    x, y = (InsightColumn(name, f"{name.capitalize()}: {scale.heading.lower()}", scale.decimals)
            for name in ("knowledge", "reasoning"))  # fmt: skip
    return Insight(
        name=NAME,
        title="Knowledge vs reasoning",
        sentence=_kinds_sentence(pairs),
        about="Means after fine-tuning over the tasks of each kind, with 95% intervals as crosses. On the line both "
        "are equal; above it a system is better at reasoning, below it at knowledge.",
        table=Table(f"insight-{NAME}-{protocol}", frame_of(KindsRow, [row for _, row in pairs])),
        columns=(x, y),
        plots=build_plots(
            pairs,
            [
                x,
            ],
            y,
            diagonal=True,
        ),
    )


def _kinds_sentence(pairs: list[Pair]) -> str:
    told = []
    for badge, start in (("evaluated", ""), ("published", "Of the published figures: ")):
        rows = [row for of, row in pairs if of.badge == badge]
        if rows:
            told.append(start + _count_sentence(rows))
    return " ".join(told) or "No system has both means yet; one is enough for the table, two for the chart."


def _count_sentence(rows: list[KindsRow]) -> str:
    knowledge = sum(row.knowledge > row.reasoning for row in rows)
    reasoning = sum(row.reasoning > row.knowledge for row in rows)
    verb = "does" if knowledge == 1 else "do"
    start = f"{knowledge:,} of {len(rows):,} systems {verb} better on knowledge, {reasoning:,} on reasoning"
    measured = [row for row in rows if row.knowledge_low is not None and row.reasoning_low is not None]
    if not measured:
        return f"{start}; without intervals the significance is unknown."
    apart = sum(_has_disjoint_intervals(row) for row in measured)
    if not apart:
        return f"{start}; no difference is significant (all intervals overlap)."
    return f"{start}; for {apart:,} of them the two intervals do not overlap."


def _has_disjoint_intervals(row: KindsRow) -> bool:
    ends = (row.knowledge_low, row.knowledge_high, row.reasoning_low, row.reasoning_high)
    low, high, other_low, other_high = (float(end) for end in ends if end is not None)
    return high < other_low or other_high < low
