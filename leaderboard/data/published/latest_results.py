"""Latest unflagged result of each system."""

from __future__ import annotations

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.same_names import system_spellings
from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.index.result_summary import ResultSummary


@cached_per_snapshot
def latest_results(
    snapshot: Snapshot, track: str, protocol: str, *, is_judged: bool = False
) -> dict[str, ResultSummary]:
    """Return the newest unflagged result of each team's system under a protocol, by submission."""
    same = system_spellings(snapshot)
    newest: dict[tuple[str, str], tuple[str, ResultSummary]] = {}
    for ulid, result in snapshot.published:
        is_here = (result.track, result.protocol, result.flagged) == (track, protocol, None)
        if is_here and (result.judged or not is_judged):
            newest[same[result.team, result.system]] = ulid, result
    return dict(newest.values())
