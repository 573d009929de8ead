"""Counts of a system's and its team's attempts by outcome; a best result of many attempts is worth less."""

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
"""Outcome of a submission by its state."""


@dataclass(frozen=True)
class AttemptsRow(TableRow):
    """Submissions of a system, or of all its team's systems, to one track."""

    of: str
    """`system` or `team`."""
    submissions: int
    published: int
    not_shown: int
    """Evaluated, and not published by the submitter."""
    refused: int
    withdrawn: int
    failed: int
    """Failed through the evaluator's fault; the evaluator retries them."""
    in_line: int
    """Not finished yet."""
    unknown: int
    """Submissions with an unreadable history."""


def attempts_table(snapshot: Snapshot, system: System, track: str) -> Table:
    """Count the submissions of a system and of its team to a track by outcome. Teams are matched by name alone."""
    team = {ulid for other in index_systems(snapshot).values() if other.team == system.team for ulid in other.runs}
    groups = {"system": system.runs, "team": team}
    rows = [
        _attempts_row(snapshot, of, [one for one in runs if _is_on_track(snapshot, one, track)])
        for of, runs in groups.items()
    ]
    return Table(f"system-{system.slug}-attempts", frame_of(AttemptsRow, rows))


@dataclass(frozen=True)
class AttemptNumber:
    """Attempt number of a submission to a track with a limit."""

    number: int | None
    """Number of the attempt among its team's, from 1; None if the submission does not count as one."""
    limit: int


def attempt_number(snapshot: Snapshot, ulid: str, limits: Mapping[str, int]) -> AttemptNumber | None:
    """Return a submission's attempt number; None if the track has no limit."""
    one = snapshot.briefs.get(ulid)
    if one is None or one.track not in limits:
        return None
    mine = _list_counted(snapshot, one.track, lambda other: is_same_submitter(other, one.team, one.owner))
    return AttemptNumber(mine.index(ulid) + 1 if ulid in mine else None, limits[one.track])


def count_used_attempts(snapshot: Snapshot, owner: str, track: str) -> int:
    """Count the attempts that an account has used, under any team or system name."""
    return len(_list_counted(snapshot, track, lambda other: other.owner == owner))


def _list_counted(snapshot: Snapshot, track: str, is_theirs: Callable[[SubmissionBrief], bool]) -> list[str]:
    """List submissions that count as an attempt (submissions/submitting/attempts.py), oldest first."""
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
