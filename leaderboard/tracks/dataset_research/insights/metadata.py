"""The judge's average metadata score against the fine-tune gain."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.data.correlation import describe_correlation, spearman
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

NAME = "metadata"


@dataclass(frozen=True)
class MetadataRow(SystemRow):
    """One judged and fine-tuned system."""

    judge: str
    """Judge; scores of different judges are not comparable."""
    metadata: float
    """The judge's average, 0 to 10."""
    fine_tune: float
    fine_tune_low: float | None
    fine_tune_high: float | None


def build_insight(systems: list[SystemFigures], protocol: str, scale: ProtocolScale) -> Insight:
    """Build the section from a protocol's systems."""
    pairs: list[Pair] = [
        (one, MetadataRow(**row_identity(one, protocol, scale), judge=one.judge or "", metadata=one.metadata,
                          **interval_fields("fine_tune", found)))
        for one in systems
        if one.metadata is not None and (found := one.figures.get(("fine_tune", "overall")))
    ]  # fmt: skip
    x = InsightColumn("metadata", "Metadata average, 0 to 10", 2)
    y = InsightColumn("fine_tune", f"Fine-tune: {scale.heading.lower()}", scale.decimals)
    return Insight(
        name=NAME,
        title="Metadata quality vs gain",
        sentence=_metadata_sentence(pairs),
        about="How well the data set matches its description according to a language model, against its gain. "
        "Only scores of the same judge are compared.",
        table=Table(f"insight-{NAME}-{protocol}", frame_of(MetadataRow, [row for _, row in pairs])),
        columns=(x, y),
        texts=(InsightColumn("judge", "Judge"),),
        plots=build_plots(pairs, [x], y),
    )


def _metadata_sentence(pairs: list[Pair]) -> str:
    judges = dict.fromkeys((of.badge, row.judge) for of, row in pairs)
    agree, differ = "systems with a higher average also gain more", "systems with a higher average gain less"
    if not judges:
        return describe_correlation(spearman([], []), agree, differ)
    told = []
    for badge, judge in judges:
        rows = [row for of, row in pairs if (of.badge, row.judge) == (badge, judge)]
        found = spearman([row.metadata for row in rows], [row.fine_tune for row in rows])
        start = f"Published, judged by {judge}: " if badge == "published" else f"Judged by {judge}: "
        told.append(
            (start if len(judges) > 1 or badge == "published" else "") + describe_correlation(found, agree, differ)
        )
    return " ".join(told)
