"""Whether a result was measured under the protocol and the benchmark of today."""

from __future__ import annotations

from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.index.result_summary import ResultSummary


def find_outdated_reason(snapshot: Snapshot, result: ResultSummary) -> str | None:
    """Return the reason why a result is listed and not ranked; None if it is of today's versions.

    The evaluator publishes these versions with its protocols, and an older one with its frames; one before had none.
    """
    rules, benchmark = _versions_of_today(snapshot, result.protocol)
    if rules is None:
        return None
    if result.protocol_sha256 != rules:
        return (
            f"Measured under an earlier version of {result.protocol} (rules {result.protocol_sha256[:12]}, today "
            f"{rules[:12]}): not ranked until it is evaluated again."
        )
    if benchmark not in (None, result.benchmark_sha256):
        return "Measured on an earlier version of the benchmark: not ranked until it is evaluated again."
    return None


def _versions_of_today(snapshot: Snapshot, protocol: str) -> tuple[str | None, str | None]:
    """Hashes of a protocol and of its benchmark; None for what is not known."""
    if facts := snapshot.protocols.get(protocol):
        return facts.sha256, facts.benchmark_sha256
    frame = snapshot.frames.get(protocol)
    return (frame.protocol_sha256, frame.benchmark_sha256) if frame else (None, None)
