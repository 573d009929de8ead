"""Stores submissions in one commit, each only while its team's name, attempts and files allow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from submissions.arena.arena import Arena, submission_changes
from submissions.arena.ids import id_tail
from submissions.errors import AttemptsExhausted, Conflict, OurError, RepeatedFiles, SubmissionDenied
from submissions.index.submission_index import read_submission_index
from submissions.records.check_report import Report
from submissions.records.submission import Submission
from submissions.submitting.attempts import SubmissionKey, count_attempts, default_limits, is_same_submitter, read_keys
from submissions.submitting.same_files import add_repetition, find_same_files
from submissions.submitting.team_names import require_team_name

_TRIES = 20


def commit_submissions(
    arena: Arena,
    waiting: Sequence[tuple[Submission, Path]],
    *,
    limits: Mapping[str, int],
    known: Mapping[str, SubmissionKey] | None = None,
) -> dict[str, SubmissionDenied]:
    """Store submissions with their checked files; return the errors of those that may not be stored, by id.

    Checking and storing are one transaction. A stored submission is not stored again, so that this may be repeated
    after a commit with an unknown outcome; nor is a second one of the same seed. Raises as a commit does.
    """
    for again in range(_TRIES, 0, -1):
        parent = arena.submissions.head()
        there = {id_tail(ulid) for ulid in arena.submission_ids()}
        new = list({id_tail(one.id): (one, data) for one, data in reversed(waiting)}.values())[::-1]
        new = [(one, data) for one, data in new if id_tail(one.id) not in there]
        taken, denied = _select_allowed(arena, new, limits, known)
        if not taken:
            return denied
        try:
            arena.submissions.commit(
                [change for one, data in taken for change in submission_changes(one, data)], parent
            )
        except Conflict:
            if again == 1:
                raise
        else:
            break
    return denied


def commit_submission(arena: Arena, submission: Submission, data: Path, report: Report) -> Report:
    """Store one submission under the default limits; return its report, with a warning for repeated files.

    Raises SubmissionDenied, or as a commit does.
    """
    known = read_briefs(arena)
    denied = commit_submissions(arena, [(submission, data)], limits=default_limits(), known=known)
    if submission.id in denied:
        raise denied[submission.id]
    earlier = find_same_files(arena, submission, read_keys(arena, known))
    return add_repetition(report, earlier) if earlier else report


def read_briefs(arena: Arena) -> dict[str, SubmissionKey]:
    """Read the index of finished submissions, so that their records need not be read; empty without access to it."""
    try:
        return {brief.id: brief for brief, _ in read_submission_index(arena.drafts)}
    except OurError:
        return {}


def _select_allowed(
    arena: Arena,
    waiting: Sequence[tuple[Submission, Path]],
    limits: Mapping[str, int],
    known: Mapping[str, SubmissionKey] | None,
) -> tuple[list[tuple[Submission, Path]], dict[str, SubmissionDenied]]:
    """Select submissions that may be stored, with earlier ones in the commit counted; return errors for the others."""
    taken: list[tuple[Submission, Path]] = []
    denied: dict[str, SubmissionDenied] = {}
    if not waiting:
        return taken, denied
    stored = {one.id: one for one in read_keys(arena, known or {})}
    for one, data in waiting:
        try:
            _require_allowed(arena, one, [other for other, _ in taken], limits, stored)
        except SubmissionDenied as error:
            denied[one.id] = error
        else:
            taken.append((one, data))
    return taken, denied


def _require_allowed(
    arena: Arena,
    one: Submission,
    beside: Sequence[Submission],
    limits: Mapping[str, int],
    stored: Mapping[str, SubmissionKey],
) -> None:
    """Raises SubmissionDenied for a submission that may not be stored after `stored` and `beside`."""
    require_team_name(arena, one, [*stored.values(), *beside])
    if (limit := limits.get(one.track)) is None:
        return
    used = len(count_attempts(arena, one.track, one.team, one.owner, limits=limits, known=stored).used)
    used += sum(other.track == one.track and is_same_submitter(other, one.team, one.owner) for other in beside)
    if used >= limit:
        raise AttemptsExhausted(one.track, used, limit)
    if earlier := find_same_files(arena, one, [*stored.values(), *beside]):
        raise RepeatedFiles(earlier)
