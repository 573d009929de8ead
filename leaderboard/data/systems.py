"""Systems: a system is a team and a name, with all its submissions and a permanent URL."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.same_names import SystemKey, system_spellings, team_spellings
from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.errors import NotFound
from submissions.index.result_summary import ResultSummary
from submissions.records.result import MethodScore
from submissions.records.submission import SystemType

READABLE = 40
"""Characters of a name that its slug preserves."""


@dataclass(frozen=True, slots=True)
class System:
    """One team's system, on every track."""

    slug: str
    team: str
    name: str
    system_type: SystemType
    """System type from its newest submission."""
    runs: tuple[str, ...]
    """Ids of its submissions, oldest first."""


@dataclass(frozen=True, slots=True)
class SystemResult:
    """The result that represents a system: its newest unflagged one, else its newest."""

    system: System
    submission: str
    result: ResultSummary

    @property
    def slug(self) -> str:
        """The system's slug."""
        return self.system.slug


@lru_cache(maxsize=20_000)
def slug_of(team: str, name: str) -> str:
    """Build a system's URL slug: its name's plain letters, and 80 bits of a hash of team and name.

    Names of any script get one, and it depends on nothing else, so that links stay valid when systems are added.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    readable = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:READABLE].strip("-")
    # No name holds a control character, so no two pairs are joined to the same text.
    digest = hashlib.sha256(f"{team}\0{name}".encode()).digest()
    return f"{readable or 'system'}-{b32encode(digest[:10]).decode().lower()}"


@cached_per_snapshot
def index_systems(snapshot: Snapshot) -> dict[str, System]:
    """Index every system by slug, from submissions and from results, whose names may differ."""
    same = system_spellings(snapshot)
    found: dict[SystemKey, dict[str, SystemType]] = {}
    for ulid, submission in snapshot.briefs.items():
        found.setdefault(same[submission.team, submission.system], {})[ulid] = submission.system_type
    for ulid, result in snapshot.published:
        found.setdefault(same[result.team, result.system], {})[ulid] = result.system_type
    teams = team_spellings(snapshot)
    made = [
        System(slug_of(team, name), teams[team], name, runs[max(runs)], tuple(sorted(runs)))
        for (team, name), runs in found.items()
    ]
    return {system.slug: system for system in made}


@cached_per_snapshot
def _slugs_of_spellings(snapshot: Snapshot) -> dict[str, str]:
    """Return for the slug of each spelling the slug of its system, so that every old link stays valid."""
    return {slug_of(*spelling): slug_of(*first) for spelling, first in system_spellings(snapshot).items()}


def system_named(snapshot: Snapshot, slug: str) -> System:
    """Return the system of a slug, in any of its spellings. Raises NotFound."""
    known = index_systems(snapshot)
    slug = _slugs_of_spellings(snapshot).get(slug, slug)
    if slug not in known:
        raise NotFound(f"No system {slug[:80]!r}. The page /compare lists those that have a result.")
    return known[slug]


@cached_per_snapshot
def system_results(snapshot: Snapshot, track: str, protocol: str) -> dict[str, SystemResult]:
    """Return each system's representative result on a track under a protocol, by slug."""
    found: dict[str, SystemResult] = {}
    same = system_spellings(snapshot)
    for ulid, result in snapshot.published:
        if (result.track, result.protocol) == (track, protocol):
            slug = slug_of(*same[result.team, result.system])
            before = found.get(slug)
            if before is None or before.result.flagged or not result.flagged:
                found[slug] = SystemResult(index_systems(snapshot)[slug], ulid, result)
    return found


def system_labels(chosen: list[SystemResult]) -> dict[str, str]:
    """Label systems, by slug: the name, with the team if two systems share it."""
    names = [entry.system.name for entry in chosen]
    return {
        entry.slug: f"{entry.system.name} ({entry.system.team})"
        if names.count(entry.system.name) > 1
        else entry.system.name
        for entry in chosen
    }


def count_attempts(snapshot: Snapshot, system: System, track: str) -> int:
    """Count a system's submissions to a track, of any outcome."""
    return sum(track in _submission_tracks(snapshot, ulid) for ulid in system.runs)


def _submission_tracks(snapshot: Snapshot, ulid: str) -> set[str]:
    submission: Mapping[str, ResultSummary] = snapshot.results.get(ulid, {})
    made = {snapshot.briefs[ulid].track} if ulid in snapshot.briefs else set()
    return made | {result.track for result in submission.values()}


def scores_by_task(snapshot: Snapshot, result: ResultSummary, method: str, subset: str) -> dict[str, MethodScore]:
    """Scores of a method on each task of a subset, by task, in the result's order."""
    return {
        task.task: score
        for task in snapshot.full_result(result.submission, result.protocol).tasks
        if (known := snapshot.tasks.get(task.task)) is None or subset in known.subsets
        for score in task.methods
        if score.method == method
    }
