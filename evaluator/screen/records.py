"""What the screen writes down: all of it for the organiser, and what of it the submitter may see."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from evaluator.screen.statistics import Statistics
from submissions.models import Record, TaskId

How = Literal["exact", "normalised", "near"]
"""Input equal letter for letter; in letters and digits only; or the row with words changed."""


class Copy(Record):
    """A row that was taken out. Private: it names a hidden row."""

    row: int = Field(ge=0)
    test_row: int = Field(ge=0)
    """The test row it is nearest to, counted from 0."""
    how: How
    similarity: float = Field(ge=0, le=1)
    """Jaccard index of the rows' shingles, or the share of the smaller's that the larger has; 1 for equal inputs."""


class Screened(Record):
    """What the screen left of an entry. Private: line numbers go to the submitter, reference rows to nobody."""

    kept: tuple[int, ...]
    """Row numbers from 0, in order."""
    copies: tuple[Copy, ...]
    """The rows taken out, in order."""
    statistics: Statistics
    """Of all rows, copies included."""

    @property
    def removed(self) -> int:
        """How many rows were taken out."""
        return len(self.copies)

    @property
    def exact(self) -> tuple[int, ...]:
        """Rows whose input is a test row's, letter for letter."""
        return self._found("exact")

    @property
    def normalised(self) -> tuple[int, ...]:
        """Rows whose input differs from a test row's in case, blanks, signs or character form only."""
        return self._found("normalised")

    @property
    def near(self) -> tuple[int, ...]:
        """Rows that are a test row with small changes."""
        return self._found("near")

    def _found(self, how: How) -> tuple[int, ...]:
        return tuple(copy.row for copy in self.copies if copy.how == how)


class ScreenReport(Record):
    """What the submitter may see of a task's screen: counts and lines of their own file, nothing of the reference."""

    task: TaskId
    rows: int = Field(ge=0)
    removed_lines: tuple[int, ...]
    """Lines of the stored data file that were taken out as copies of hidden rows, counted from 1."""
    exact: int = Field(ge=0)
    normalised: int = Field(ge=0)
    near: int = Field(ge=0)
    statistics: Statistics


def report(task: str, screened: Screened) -> ScreenReport:
    """The submitter's side of a screening; a stored file has one row on each line, so row 0 is line 1."""
    return ScreenReport(
        task=task,
        rows=len(screened.kept) + screened.removed,
        removed_lines=tuple(copy.row + 1 for copy in screened.copies),
        exact=len(screened.exact),
        normalised=len(screened.normalised),
        near=len(screened.near),
        statistics=screened.statistics,
    )
