"""Whether a result was measured under the protocol and the benchmark of today."""

from __future__ import annotations

from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.index.result_summary import ResultSummary


def find_outdated_reason(snapshot: Snapshot, result: ResultSummary) -> str | None:
    """Return the reason why a result is listed and not ranked; None if it is of today's versions.

    The evaluator publishes these versions with its frames; an arena of an older evaluator has none.
    """
    frame = snapshot.frames.get(result.protocol)
    if frame is None or frame.protocol_sha256 is None:
        return None
    if result.protocol_sha256 != frame.protocol_sha256:
        return (
            f"Measured under an earlier version of {result.protocol} (rules {result.protocol_sha256[:12]}, today "
            f"{frame.protocol_sha256[:12]}): not ranked until it is evaluated again."
        )
    if frame.benchmark_sha256 not in (None, result.benchmark_sha256):
        return "Measured on an earlier version of the benchmark: not ranked until it is evaluated again."
    return None
