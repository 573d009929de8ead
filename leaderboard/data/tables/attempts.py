"""How often a system and its team tried, and what became of it: a best result of many attempts is worth less."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.systems import System, index_systems
from leaderboard.data.tables.table_frames import Table, TableRow, frame_of
from submissions.index.submission_index import SubmissionBrief
from submissions.records.status import State
from submissions.submitting.attempts import is_counted, is_same_submitter

OUTCOME_BY_STATE: Mapping[State, str] = {
    "published": "published",
    "evaluated": "not_shown",
    "refused": "refused",
    "withdrawn": "withdrawn",
    "failed": "failed",
    "retrying": "failed",
    "received": "in_line",
    "checking": "in_line",
    "queued": "in_line",
    "evaluating": "in_line",
}
"""What became of a submission in each state."""


@dataclass(frozen=True)
class AttemptsRow(TableRow):
    """The submissions of a system, or of all systems of its team, to one track."""

    of: str
    """`system` or `team`."""
    submissions: int
    published: int
    not_shown: int
    """Evaluated, and kept back by the submitter."""
    refused: int
    withdrawn: int
    failed: int
    """Through the evaluator's fault; they are tried again."""
    in_line: int
    """Not finished yet."""
    unknown: int
    """Their history cannot be read."""


def attempts_table(snapshot: Snapshot, system: System, track: str) -> Table:
    """What became of all submissions of a system and of its team to a track. Teams are told apart by name alone."""
    team = {ulid for other in index_systems(snapshot).values() if other.team == system.team for ulid in other.runs}
    groups = {"system": system.runs, "team": team}
    rows = [
        _attempts_row(snapshot, of, [one for one in runs if _is_on_track(snapshot, one, track)])
        for of, runs in groups.items()
    ]
    return Table(f"system-{system.slug}-attempts", frame_of(AttemptsRow, rows))


@dataclass(frozen=True)
class AttemptNumber:
    """What a submission to a track with a limit costs its team."""

    number: int | None
    """Which of its team's attempts it is, counted from 1; None if it costs none."""
    limit: int


def attempt_number(snapshot: Snapshot, ulid: str, limits: Mapping[str, int]) -> AttemptNumber | None:
    """Which attempt a submission is; None where there is no limit."""
    one = snapshot.briefs.get(ulid)
    if one is None or one.track not in limits:
        return None
    mine = _list_counted(snapshot, one.track, lambda other: is_same_submitter(other, one.team, one.owner))
    return AttemptNumber(mine.index(ulid) + 1 if ulid in mine else None, limits[one.track])


def count_used_attempts(snapshot: Snapshot, owner: str, track: str) -> int:
    """Attempts that an account has used, under whatever names."""
    return len(_list_counted(snapshot, track, lambda other: other.owner == owner))


def _list_counted(snapshot: Snapshot, track: str, is_theirs: Callable[[SubmissionBrief], bool]) -> list[str]:
    """Submissions that cost an attempt (submissions/submitting/attempts.py), oldest first."""
    theirs = (ulid for ulid, one in snapshot.briefs.items() if one.track == track and is_theirs(one))
    return [ulid for ulid in theirs if ulid in snapshot.now and is_counted(snapshot.now[ulid])]


def _is_on_track(snapshot: Snapshot, ulid: str, track: str) -> bool:
    made = snapshot.briefs.get(ulid)
    results = snapshot.results.get(ulid, {}).values()
    return made.track == track if made else any(result.track == track for result in results)


def _attempts_row(snapshot: Snapshot, of: str, ulids: Iterable[str]) -> AttemptsRow:
    found = [OUTCOME_BY_STATE[now.state] if (now := snapshot.now.get(ulid)) else "unknown" for ulid in ulids]
    counted = {outcome: found.count(outcome) for outcome in (*dict.fromkeys(OUTCOME_BY_STATE.values()), "unknown")}
    return AttemptsRow(of=of, submissions=len(found), **counted)
