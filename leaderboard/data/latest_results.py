"""Which results speak for the systems: each system's newest one that nobody has set apart."""

from __future__ import annotations

from leaderboard.data.snapshot import Snapshot, per_snapshot
from submissions.index.result_summary import Summary


@per_snapshot
def latest(snapshot: Snapshot, track: str, protocol: str) -> dict[str, Summary]:
    """The newest unflagged result of each team's system under a protocol, by submission."""
    found: dict[tuple[str, str], tuple[str, Summary]] = {}
    for ulid, result in snapshot.published:
        if (result.track, result.protocol, result.flagged) == (track, protocol, None):
            found[result.team, result.system] = ulid, result
    return dict(found.values())
