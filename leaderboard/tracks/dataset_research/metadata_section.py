"""Section of the board's page with the metadata judge's scores: a radar chart and its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leaderboard.charts.plotly_charts import build_radar_chart
from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.published import load_published
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.tracks.board import Section
from leaderboard.tracks.dataset_research.judge_scores import (
    AVERAGED,
    DIMENSIONS,
    JudgeScoreRow,
    chart_rows,
    metadata_table,
)

MAX_ROWS = 30
"""Rows of the table on the page; its downloads have all."""


def build_section(snapshot: Snapshot, track: str, protocol: str) -> Mapping[str, Any]:
    """Build the section's template values."""
    return {
        "rows": _metadata_rows(snapshot, track, protocol),
        "dimensions": DIMENSIONS,
        "averaged": AVERAGED,
        "figure": _radar_figure(snapshot, track, protocol),
        "most": MAX_ROWS,
        "source": load_published(track),
    }


@cached_per_snapshot
def _metadata_rows(snapshot: Snapshot, track: str, protocol: str) -> list[dict[str, Any]]:
    return metadata_table(snapshot, track, protocol).rows


@cached_per_snapshot
def _radar_figure(snapshot: Snapshot, track: str, protocol: str) -> dict[str, Any]:
    return build_radar_chart(chart_rows(_metadata_rows(snapshot, track, protocol)), AVERAGED, 10)


SECTION = Section(
    name="metadata",
    template="dataset_research/metadata_section.html",
    build=build_section,
    table=metadata_table,
    row=JudgeScoreRow,
    about="The metadata scores shown below a board.",
)
