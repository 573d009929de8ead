"""Spellings of teams and systems that look alike, and the spelling that stands for each."""

from __future__ import annotations

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.names.look_alikes import group_names, name_keys

SystemKey = tuple[str, str]
"""Team and name of a system."""


@cached_per_snapshot
def team_spellings(snapshot: Snapshot) -> dict[str, str]:
    """Return for each team's name the first one, by time, that looks like it."""
    return group_names(team for team, _ in _systems_by_time(snapshot))


@cached_per_snapshot
def system_spellings(snapshot: Snapshot) -> dict[SystemKey, SystemKey]:
    """Return for each system the first one, by time, of the same team with a name that looks like its name."""
    teams = team_spellings(snapshot)
    pairs = _systems_by_time(snapshot)
    return group_names(pairs, {pair: [(teams[pair[0]], key) for key in name_keys(pair[1])] for pair in pairs})


def shown_system(snapshot: Snapshot, team: str, system: str) -> SystemKey:
    """Return the team and the name under which a system is shown; those that are unknown stay as they are."""
    first_team, name = system_spellings(snapshot).get((team, system), (team, system))
    return team_spellings(snapshot).get(first_team, first_team), name


@cached_per_snapshot
def _systems_by_time(snapshot: Snapshot) -> list[SystemKey]:
    """Each system of a submission or a result once, in order of its first id."""
    named = [(ulid, (one.team, one.system)) for ulid, one in snapshot.briefs.items()]
    named += [(ulid, (one.team, one.system)) for ulid, one in snapshot.published]
    return list(dict.fromkeys(pair for _, pair in sorted(named)))
