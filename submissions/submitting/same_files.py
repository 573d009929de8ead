"""Recognition of deliveries that a team has sent before."""

from __future__ import annotations

from collections.abc import Iterable

from submissions.arena.arena import Arena
from submissions.errors import CorruptRecord, NotFound
from submissions.records.check_report import Problem, Report
from submissions.records.submission import Submission
from submissions.submitting.attempts import SubmissionKey, counts_as_attempt, is_same_submitter


def find_same_files(arena: Arena, submission: Submission, every: Iterable[SubmissionKey]) -> str:
    """Return the first other submission with the same files, by the same team or account; empty without any.

    Submissions that cost no attempt (refused, withdrawn, failed through us) do not count: they may be sent again.
    """
    rows = sum(file.rows for file in submission.files)
    for one in every:
        if one.id == submission.id or one.track != submission.track or _differs_in_size(one, submission, rows):
            continue
        if not is_same_submitter(one, submission.team, submission.owner):
            continue
        other = one if isinstance(one, Submission) else _read_submission(arena, one.id)
        if other and content_of(other) == content_of(submission) and _is_counted(arena, one.id):
            return one.id
    return ""


def content_of(submission: Submission) -> frozenset[tuple[str, str]]:
    """Return the paths and hashes of a submission's stored files."""
    return frozenset((file.path, file.sha256) for file in submission.files)


def add_repetition(report: Report, earlier: str) -> Report:
    """Return a report with a warning that an earlier submission has the same files."""
    what = f"Submission {earlier} of the same team has the same files."
    warning = Problem(level="warning", file="", what=what, fix="Nothing to do, unless other files were meant.")
    return report.model_copy(update={"problems": (*report.problems, warning)})


def _differs_in_size(one: SubmissionKey, submission: Submission, rows: int) -> bool:
    """Return whether a summary shows that the files differ, without reading the record."""
    files, count = getattr(one, "files", None), getattr(one, "rows", None)
    return isinstance(files, int) and (files != len(submission.files) or count != rows)


def _is_counted(arena: Arena, ulid: str) -> bool:
    try:
        return counts_as_attempt(arena, ulid)
    except NotFound:  # accepted, and not in the arena yet
        return True


def _read_submission(arena: Arena, ulid: str) -> Submission | None:
    try:
        return arena.read_submission(ulid)
    except (CorruptRecord, NotFound):
        return None
