"""What the boards show when one figure is held against another: one module for each question."""

from __future__ import annotations

from leaderboard.insights import cost, kinds, metadata, preview, rows, tokens
from leaderboard.insights.insight import Insight
from leaderboard.measured import measured
from leaderboard.protocols import scale_of
from leaderboard.snapshot import Snapshot, per_snapshot

MODULES = (metadata, preview, rows, tokens, cost, kinds)
NAMES = tuple(module.NAME for module in MODULES)


@per_snapshot
def insights(snapshot: Snapshot, track: str, protocol: str) -> dict[str, Insight]:
    """Every section by its name, in the order of the page."""
    systems, scale = measured(snapshot, track, protocol), scale_of(protocol)
    return {module.NAME: module.insight(systems, protocol, scale) for module in MODULES}
