"""Relations between the boards' figures: one module per question."""

from __future__ import annotations

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.pages.insights import cost, metadata, tokens
from leaderboard.pages.insights import knowledge_vs_reasoning as kinds
from leaderboard.pages.insights import preview_agreement as preview
from leaderboard.pages.insights import row_counts as rows
from leaderboard.pages.insights.base import Insight
from leaderboard.pages.insights.system_figures import system_figures

MODULES = (metadata, preview, rows, tokens, cost, kinds)
NAMES = tuple(module.NAME for module in MODULES)


@cached_per_snapshot
def build_insights(snapshot: Snapshot, track: str, protocol: str) -> dict[str, Insight]:
    """Build every section by name, in page order."""
    systems, scale = system_figures(snapshot, track, protocol), scale_of(snapshot, protocol)
    return {module.NAME: module.build_insight(systems, protocol, scale) for module in MODULES}
