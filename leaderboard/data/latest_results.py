"""Which results speak for the systems: each system's newest one that nobody has set apart."""

from __future__ import annotations

from leaderboard.data.snapshot import Snapshot, cached_per_snapshot
from submissions.index.result_summary import ResultSummary


@cached_per_snapshot
def latest_results(snapshot: Snapshot, track: str, protocol: str) -> dict[str, ResultSummary]:
    """The newest unflagged result of each team's system under a protocol, by submission."""
    found: dict[tuple[str, str], tuple[str, ResultSummary]] = {}
    for ulid, result in snapshot.published:
        if (result.track, result.protocol, result.flagged) == (track, protocol, None):
            found[result.team, result.system] = ulid, result
    return dict(found.values())
