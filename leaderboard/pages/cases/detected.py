"""Detection of cases in the results, by the detectors of a track's board."""

from __future__ import annotations

from leaderboard.cases.contests import build_contests
from leaderboard.cases.detector import CaseContext, DetectedCase
from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.tracks import board_named

MAX_CASES_PER_KIND = 3
"""Cases of one kind in the list; every other one still has its page."""


@cached_per_snapshot
def detect_cases(snapshot: Snapshot, track: str, protocol: str) -> dict[str, DetectedCase]:
    """Detect the most notable cases, by slug: at most three of each kind."""
    ground = _case_context(snapshot, track, protocol)
    chosen = [
        detector.build_case(ground, task, place)
        for detector in board_named(track).cases
        for place, task in enumerate(detector.find_tasks(ground)[:MAX_CASES_PER_KIND], 1)
    ]
    return {case.slug: case for case in chosen}


def detected_case(snapshot: Snapshot, track: str, protocol: str, slug: str) -> DetectedCase | None:
    """Return the case of a slug, notable or not; None if the task is no such case."""
    kind, _, task = slug.partition("-")
    detector = next((one for one in board_named(track).cases if one.kind == kind), None)
    if detector is None:
        return None
    ground = _case_context(snapshot, track, protocol)
    tasks = detector.find_tasks(ground)
    return detector.build_case(ground, task, tasks.index(task) + 1) if task in tasks else None


def _case_context(snapshot: Snapshot, track: str, protocol: str) -> CaseContext:
    return CaseContext(
        snapshot, track, protocol, build_contests(snapshot, track, protocol), scale_of(snapshot, protocol)
    )
