"""Few-shot gain against fine-tune gain: the reliability of the cheap preview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leaderboard.data.correlation import LEVEL, MIN_PAIRS, describe_correlation, format_p_value, spearman
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
from leaderboard.templates import format_figure
from submissions.tracks.dataset_research import TRACK
from submissions.tracks.published_protocol import ProtocolScale

NAME = "preview"
SHOTS = TRACK.preview_keys


@dataclass(frozen=True)
class PreviewRow(SystemRow):
    """One system measured by all methods."""

    few_shot_1: float
    few_shot_1_low: float | None
    few_shot_1_high: float | None
    few_shot_3: float
    few_shot_3_low: float | None
    few_shot_3_high: float | None
    few_shot_5: float
    few_shot_5_low: float | None
    few_shot_5_high: float | None
    fine_tune: float
    fine_tune_low: float | None
    fine_tune_high: float | None


def build_insight(systems: list[SystemFigures], protocol: str, scale: ProtocolScale) -> Insight:
    """The section of a protocol's systems."""
    pairs: list[Pair] = [
        (one, _preview_row(one, protocol, scale))
        for one in systems
        if all((method, "overall") in one.figures for method in TRACK.method_keys)
    ]
    xs = tuple(InsightColumn(name, f"{_method_label(name)}: {scale.heading.lower()}", scale.decimals) for name in SHOTS)
    y = InsightColumn("fine_tune", f"Fine-tune: {scale.heading.lower()}", scale.decimals)
    return Insight(
        name=NAME,
        title="Few-shot preview vs fine-tuning",
        sentence=_preview_sentence(pairs),
        about="Evaluating with a few submitted rows in the prompt takes minutes, fine-tuning on all of them hours. "
        "Where both order the systems alike, the preview predicts the result. On the line both are equal. There are "
        "three tests, so each is significant only up to p = 0.05 / 3.",
        table=Table(f"insight-{NAME}-{protocol}", frame_of(PreviewRow, [row for _, row in pairs])),
        columns=(*xs, y),
        plots=build_plots(pairs, xs, y, diagonal=True),
    )


def _method_label(method: str) -> str:
    return TRACK.label_method(method).capitalize()


def _preview_row(one: SystemFigures, protocol: str, scale: ProtocolScale) -> PreviewRow:
    found: dict[str, Any] = {}
    for method in TRACK.method_keys:
        found |= interval_fields(method, one.figures[method, "overall"])
    return PreviewRow(**row_identity(one, protocol, scale), **found)


def _preview_sentence(pairs: list[Pair]) -> str:
    told = []
    for badge, start in (("evaluated", ""), ("published", "Of the published figures: ")):
        rows = [row for of, row in pairs if of.badge == badge]
        if rows or (badge == "evaluated" and not pairs):
            told.append(start + _rank_correlations(rows))
    return " ".join(told)


def _rank_correlations(rows: list[PreviewRow]) -> str:
    """Describe the three correlations, and which are unlikely by chance."""
    tested = {method: spearman([getattr(row, method) for row in rows], [row.fine_tune for row in rows])
              for method in SHOTS}  # fmt: skip
    each = {
        TRACK.label_method(method): (found.rho, found.p)
        for method, found in tested.items()
        if found.rho is not None and found.p is not None
    }
    if len(rows) < MIN_PAIRS or not each:
        return describe_correlation(tested["few_shot_1"], "", "")
    rhos = _join_names([f"{format_figure(rho, 2)} by {name} ({format_p_value(p)})" for name, (rho, p) in each.items()])
    sure = [name for name, (rho, p) in each.items() if rho > 0 and p <= LEVEL / len(SHOTS)]
    end = f"significant for {_join_names(sure)}" if sure else "not significant"
    return f"Spearman's rho with the order by fine-tune, over {len(rows):,} systems, is {rhos}; {end}."


def _join_names(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
