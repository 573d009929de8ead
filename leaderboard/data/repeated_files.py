"""Earlier submissions of a team with the same files, for the notice on a submission's page."""

from __future__ import annotations

from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.names.look_alikes import are_alike
from submissions.records.submission import Submission
from submissions.submitting.attempts import is_counted
from submissions.submitting.same_files import content_of


def find_repeated_files(snapshot: Snapshot, submission: Submission) -> str:
    """Return the team's first earlier submission to the track with the same files; empty without any.

    Accounts are not compared, unlike in the check: the page is public, and must not tell that two teams share one.
    """
    size = len(submission.files), sum(file.rows for file in submission.files)
    for ulid, one in sorted(snapshot.briefs.items()):
        if ulid >= submission.id:
            break
        if (one.track, one.files, one.rows) != (submission.track, *size) or not are_alike(one.team, submission.team):
            continue
        now, other = snapshot.now.get(ulid), snapshot.submissions.get(ulid)
        if now and other and is_counted(now) and content_of(other) == content_of(submission):
            return ulid
    return ""
