"""Detection of cases in the results: one module per kind. Each case states only its own numbers."""

from __future__ import annotations

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.pages.cases import gap
from leaderboard.pages.cases import preview_mismatch as preview
from leaderboard.pages.cases import unsolved as corner
from leaderboard.pages.cases.best_by_type import build_contests
from leaderboard.pages.cases.detector import CaseContext, DetectedCase

MODULES = (gap, corner, preview)
KINDS = {module.NAME: module for module in MODULES}
MAX_CASES_PER_KIND = 3
"""Cases of one kind in the list; every other one still has its page."""


@cached_per_snapshot
def detect_cases(snapshot: Snapshot, track: str, protocol: str) -> dict[str, DetectedCase]:
    """Detect the most notable cases, by slug: at most three of each kind."""
    ground = _case_context(snapshot, track, protocol)
    chosen = [
        module.build_case(ground, task, place)
        for module in MODULES
        for place, task in enumerate(module.find_tasks(ground)[:MAX_CASES_PER_KIND], 1)
    ]
    return {case.slug: case for case in chosen}


def detected_case(snapshot: Snapshot, track: str, protocol: str, slug: str) -> DetectedCase | None:
    """Return the case of a slug, notable or not; None if the task is no such case."""
    kind, _, task = slug.partition("-")
    if kind not in KINDS:
        return None
    ground = _case_context(snapshot, track, protocol)
    tasks = KINDS[kind].find_tasks(ground)
    return KINDS[kind].build_case(ground, task, tasks.index(task) + 1) if task in tasks else None


def _case_context(snapshot: Snapshot, track: str, protocol: str) -> CaseContext:
    return CaseContext(
        snapshot, track, protocol, build_contests(snapshot, track, protocol), scale_of(snapshot, protocol)
    )
