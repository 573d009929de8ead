"""Problems of one file, listed up to a limit and then counted."""

from __future__ import annotations

from typing import Literal

from submissions.records.check_report import Problem

LIMIT = 50
"""Number of errors listed one by one; a file with 100,000 bad rows must not make a report of 100,000 lines."""


class ProblemList:
    """Collects the problems of a file. After LIMIT errors the rest are counted by kind, that is by their fix."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.counts_rows = False
        """Whether a problem's line is the row of a table, which its message then says."""
        self._listed: list[Problem] = []
        self._warned: list[Problem] = []
        self._more: dict[str, tuple[Problem, int]] = {}

    @property
    def has_errors(self) -> bool:
        """True if the list contains an error."""
        return bool(self._listed)

    def add_error(self, what: str, fix: str, line: int | None = None, file: str | None = None) -> None:
        """Add an error, which rejects the submission; `fix` is the same for every error of a kind."""
        problem = self._make_problem("error", what, fix, line, file)
        if len(self._listed) < LIMIT:
            self._listed.append(problem)
        else:
            first, count = self._more.get(fix, (problem, 0))
            self._more[fix] = (first, count + 1)

    def add_warning(self, what: str, fix: str, line: int | None = None) -> None:
        """Add a warning for the submitter."""
        self._warned.append(self._make_problem("warning", what, fix, line, None))

    def list_problems(self) -> list[Problem]:
        """Return all problems, with one closing problem for each kind that was cut off."""
        closing = [
            first.model_copy(update={"what": f"And {count:,} more like this one: {first.what}"}) if count > 1 else first
            for first, count in self._more.values()
        ]
        return self._listed + closing + self._warned

    def _make_problem(
        self, level: Literal["error", "warning"], what: str, fix: str, line: int | None, file: str | None
    ) -> Problem:
        if self.counts_rows and line is not None:
            what = f"Row {line:,} of the table: {what}"
        return Problem(level=level, file=self.file if file is None else file, line=line, what=what, fix=fix)


def escape_text(text: str, width: int = 80) -> str:
    """Return untrusted text on one line: control, bidirectional and unpaired characters escaped, the rest cut off."""
    # repr escapes what str.isprintable refuses: categories Cc, Cf, Cs, Co, Cn, Zl, Zp and spaces other than the blank.
    return repr(text[:width])[1:-1] + ("…" if len(text) > width else "")


def quote_text(text: str, width: int = 80) -> str:
    """Return the escaped text in quotes, for the middle of a sentence."""
    return f"'{escape_text(text, width)}'"
