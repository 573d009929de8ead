"""What the check says about a submission: every problem with file, line, what is wrong and what to do."""

from __future__ import annotations

from typing import Literal

from submissions.records.base import Record
from submissions.records.submission import DataFile, DescriptionFile


class Problem(Record):
    """One thing the submitter should know."""

    level: Literal["error", "warning"]
    """An error refuses the submission; a warning does not."""
    file: str
    """As the submitter named it; empty for the submission as a whole."""
    line: int | None = None
    """Counted from 1; None where the problem is the whole file's."""
    what: str
    fix: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file or "submission"
        return f"{where}: {self.what} {self.fix}"


class Report(Record):
    """The verdict on a submission."""

    track: str
    problems: tuple[Problem, ...]
    """Errors first, then by file and line."""
    files: tuple[DataFile, ...]
    """The files that passed, as they would be stored."""
    descriptions: DescriptionFile | None = None
    """What the submitter says of the data sets, as it would be stored; None if nothing was said."""
    missing: tuple[str, ...]
    """Tasks of the track without a file; each counts as no gain."""

    @property
    def accepted(self) -> bool:
        """Whether the submission may be stored."""
        return not self.errors and bool(self.files)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that refuse."""
        return tuple(problem for problem in self.problems if problem.level == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not."""
        return tuple(problem for problem in self.problems if problem.level == "warning")
