"""Errors of the arena, by the side at fault.

ArenaError
├── TheirError            the submitter can fix it; costs no attempt; exit code 1
│   ├── SubmissionRejected  the check found errors; carries the report
│   ├── InvalidFile       one file that cannot be used; the check lists it as a problem
│   ├── InvalidForm       invalid fields of the submit form; carries the fault of each
│   ├── SubmissionDenied  a checked delivery that may not be stored; carries the form's field
│   │   ├── AttemptsExhausted  no attempt on a track is left; carries the number used and the limit
│   │   ├── RepeatedFiles   the team has sent the same files before, where attempts are limited
│   │   └── TeamNameTaken   the team's name belongs to another owner
│   └── NotFound          no such task, submission, file or board
└── OurError              the organiser must fix it; is retried; exit code 2
    ├── Conflict          the repository's head moved since it was read
    ├── CorruptRecord     a stored file is not what its writer wrote
    ├── NewerFormat       the stored data is of a later format than this version reads
    ├── DiskFault         a disk that is full, read-only or failing; nothing was stored
    ├── RateLimited       no commit is accepted before a time, which it carries
    ├── AccessDenied      the Hub denies access to this token
    ├── Unreachable       the Hub does not answer, or not as it should
    └── EvaluatorError    a stage could not finish (evaluator/errors.py has the kinds)

A message says what happened, where, and what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from submissions.records.check_report import Report


class ArenaError(Exception):
    """Base of all errors of the arena."""

    exit_code = 2

    @property
    def public(self) -> str:
        """Public part of the message; the whole message may name files of this machine."""
        return str(self)


class TheirError(ArenaError):
    """Error that the submitter or visitor can fix."""

    exit_code = 1


class SubmissionRejected(TheirError):
    """A submission with errors; nothing was stored."""

    def __init__(self, report: Report) -> None:
        super().__init__(
            f"The submission has {len(report.errors)} error(s); nothing was stored. First: {report.errors[0]}"
        )
        self.report = report


class InvalidFile(TheirError):
    """One file, or a whole folder or zip, that cannot be used."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what} {fix}")
        self.what = what
        self.fix = fix


class InvalidForm(TheirError):
    """A form with invalid fields; `faults` maps each to its fault."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {fault}" for field, fault in faults.items()))
        self.faults = dict(faults)


class SubmissionDenied(TheirError):
    """A checked delivery that may not be stored; nothing was stored."""

    field = ""
    """Field of the submit form that is at fault."""


class RepeatedFiles(SubmissionDenied):
    """The same files as in an earlier submission of the team, on a track with an attempt limit."""

    field = "files"

    def __init__(self, earlier: str) -> None:
        super().__init__(
            f"Submission {earlier} of the same team has the same files; nothing was stored, and no attempt was used. "
            "Change the data, or wait for that submission's result."
        )
        self.earlier = earlier


class TeamNameTaken(SubmissionDenied):
    """A team name of another owner; `first` is the name's first submission."""

    field = "team"

    def __init__(self, team: str, spelling: str, first: str, owner: str) -> None:
        alike = "" if spelling == team else f", which looks like {spelling!r},"
        who = f"your id is {owner}" if owner else "on the command line, an organiser can invite with `invite`"
        super().__init__(
            f"The team name {team!r}{alike} belongs to the owner of submission {first}; nothing was stored. "
            f"Choose another name, or ask that team's owner for an invitation ({who})."
        )


class AttemptsExhausted(SubmissionDenied):
    """No attempt is left; nothing was stored."""

    field = "track"

    def __init__(self, track: str, used: int, limit: int) -> None:
        super().__init__(
            f"All {limit} attempts on the track {track} are used ({used}); nothing was stored. "
            "Refused and withdrawn submissions, and failures on our side, do not count."
        )
        self.used = used
        self.limit = limit


class NotFound(TheirError):
    """An unknown name; the message lists the known ones."""


class OurError(ArenaError):
    """Error that only the organiser can fix."""


class Conflict(OurError):
    """A commit whose parent is no longer the head. Read again, then commit again."""


class CorruptRecord(OurError):
    """A stored file that cannot be read back."""


class NewerFormat(OurError):
    """Stored data of a later format than this version of the program reads."""

    def __init__(self, found: int, ours: int) -> None:
        super().__init__(
            f"The arena's data is in format {found}, and this version of the program reads up to format {ours}: "
            "upgrade the program."
        )


class DiskFault(OurError):
    """A disk that is full, over its quota, read-only or failing. The path is not public."""

    def __init__(self, what: str, path: str = "", *, is_full: bool = False) -> None:
        super().__init__(f"{what} ({path})" if path else what)
        self._what = what
        self.is_full = is_full
        """True if the same may work once there is space."""

    @property
    def public(self) -> str:
        return self._what


class RateLimited(OurError):
    """A commit that is rejected for now: nothing was written, and it may be retried from `until` on."""

    def __init__(self, what: str, until: datetime) -> None:
        super().__init__(f"{what} Nothing was written; try again at {until:%Y-%m-%d %H:%M:%S} UTC.")
        self.until = until


class AccessDenied(OurError):
    """A repository on the Hub that is missing, or that the token may not read or write."""


class Unreachable(OurError):
    """A Hub that does not answer, or not as it should. The request may have taken effect all the same."""


class EvaluatorError(OurError):
    """A stage that could not finish through no fault of the submission.

    The summary is public; the detail (logs, folders of this machine) is for the organiser.
    """

    def __init__(self, summary: str, detail: str = "") -> None:
        super().__init__(f"{summary} {detail}".rstrip())
        self._summary = summary
        self.detail = detail

    @property
    def public(self) -> str:
        return self._summary
