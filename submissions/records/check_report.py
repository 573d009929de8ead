"""Report of the check: every problem with file, line, fault and fix."""

from __future__ import annotations

from typing import Literal

from submissions.records.base import Record, TaskId
from submissions.records.submission import DataFile, DescriptionFile


class Problem(Record):
    """One problem for the submitter."""

    level: Literal["error", "warning"]
    """An error rejects the submission; a warning does not."""
    file: str
    """File name given by the submitter; empty for the submission as a whole."""
    line: int | None = None
    """Line, counted from 1; None for a problem of the whole file."""
    what: str
    fix: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file or "submission"
        return f"{where}: {self.what} {self.fix}"


class FileVerdict(Record):
    """Outcome of one file of a delivery."""

    index: int
    """Position of the file in the listing of the delivery, from 0."""
    name: str
    """Escaped name of the file."""
    task: TaskId | None = None
    """Task of the file; None if it has none, or if another file is for the same task."""
    file: DataFile | None = None
    """Stored form of the file; None if it has errors."""
    problems: tuple[Problem, ...] = ()


class Report(Record):
    """Result of checking a submission."""

    track: str
    problems: tuple[Problem, ...]
    """Errors first, then by file and line."""
    files: tuple[DataFile, ...]
    """Files that passed, in stored form."""
    descriptions: DescriptionFile | None = None
    """The submitter's data set descriptions, in stored form; None without any."""
    missing: tuple[str, ...]
    """Tasks of the track without a file; each counts as no gain."""

    @property
    def accepted(self) -> bool:
        """True if the submission may be stored."""
        return not self.errors and bool(self.files)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Problems that reject the submission."""
        return tuple(problem for problem in self.problems if problem.level == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Problems that do not reject the submission."""
        return tuple(problem for problem in self.problems if problem.level == "warning")
