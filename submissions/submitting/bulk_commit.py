"""Stores submissions in one commit, each only while its team has an attempt left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from submissions.arena.arena import Arena, submission_changes
from submissions.arena.ids import id_tail
from submissions.errors import AttemptsExhausted, Conflict
from submissions.records.submission import Submission
from submissions.submitting.attempts import SubmissionKey, count_attempts, is_same_submitter

_TRIES = 20


def commit_submissions(
    arena: Arena,
    waiting: Sequence[tuple[Submission, Path]],
    *,
    limits: Mapping[str, int],
    known: Mapping[str, SubmissionKey] | None = None,
) -> dict[str, AttemptsExhausted]:
    """Store submissions with their checked files; return the errors of those without an attempt left, by id.

    Counting and storing are one transaction. A stored submission is not stored again, so that this may be repeated
    after a commit with an unknown outcome; nor is a second one of the same seed. Raises as a commit does.
    """
    for again in range(_TRIES, 0, -1):
        parent = arena.submissions.head()
        there = {id_tail(ulid) for ulid in arena.submission_ids()}
        new = list({id_tail(one.id): (one, data) for one, data in reversed(waiting)}.values())[::-1]
        new = [(one, data) for one, data in new if id_tail(one.id) not in there]
        taken, spent = _select_within_limits(arena, new, limits, known)
        if not taken:
            return spent
        try:
            arena.submissions.commit(
                [change for one, data in taken for change in submission_changes(one, data)], parent
            )
        except Conflict:
            if again == 1:
                raise
        else:
            break
    return spent


def _select_within_limits(
    arena: Arena,
    waiting: Sequence[tuple[Submission, Path]],
    limits: Mapping[str, int],
    known: Mapping[str, SubmissionKey] | None,
) -> tuple[list[tuple[Submission, Path]], dict[str, AttemptsExhausted]]:
    """Select submissions with an attempt left, counting earlier ones in the commit; return errors for the others."""
    taken: list[tuple[Submission, Path]] = []
    spent: dict[str, AttemptsExhausted] = {}
    for one, data in waiting:
        if (limit := limits.get(one.track)) is not None:
            used = len(count_attempts(arena, one.track, one.team, one.owner, limits=limits, known=known).used)
            used += sum(
                other.track == one.track and is_same_submitter(other, one.team, one.owner) for other, _ in taken
            )
            if used >= limit:
                spent[one.id] = AttemptsExhausted(one.track, used, limit)
                continue
        taken.append((one, data))
    return taken, spent
