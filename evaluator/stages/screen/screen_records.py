"""What the screen writes down: all of it for the organiser, and what of it may be published."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from evaluator.stages.screen.data_statistics import Statistics
from submissions.records.base import Record
from submissions.records.findings import ScreenFindings

How = Literal["exact", "normalised", "near"]
"""Kind of copy: equal input; input equal in letters and digits only; or the row with words changed.

For an input that test rows with different outputs share, the output is equal in letters and digits as well.
"""


class DuplicateRow(Record):
    """Removed row. Private: it names a hidden row."""

    row: int = Field(ge=0)
    test_row: int = Field(ge=0)
    """Nearest test row, counted from 0."""
    how: How
    similarity: float = Field(ge=0, le=1)
    """Jaccard index of the rows' shingles, or the share of the smaller's within the larger; 1 for equal inputs."""


class ScreenResult(Record):
    """Result of the screen for an entry. Private: the submitter may see line numbers, but never reference rows."""

    kept: tuple[int, ...]
    """Remaining row numbers from 0, in order."""
    copies: tuple[DuplicateRow, ...]
    """Removed rows, in order."""
    statistics: Statistics
    """Statistics of all rows, copies included."""

    @property
    def removed(self) -> int:
        """Number of removed rows."""
        return len(self.copies)

    @property
    def exact(self) -> tuple[int, ...]:
        """Rows whose input equals a test row's, letter for letter."""
        return self._rows_matched_as("exact")

    @property
    def normalised(self) -> tuple[int, ...]:
        """Rows whose input differs from a test row's in case, blanks, signs or character form only."""
        return self._rows_matched_as("normalised")

    @property
    def near(self) -> tuple[int, ...]:
        """Rows that are a test row with small changes."""
        return self._rows_matched_as("near")

    @property
    def public(self) -> ScreenFindings:
        """Publishable findings, which the submitter may see; row 0 is line 1 of the stored file."""
        found = self.statistics
        odd = {*found.no_letters, *found.echoes, *found.monotone, *found.extreme}
        return ScreenFindings(
            exact=len(self.exact),
            normalised=len(self.normalised),
            near=len(self.near),
            removed_lines=tuple(copy.row + 1 for copy in self.copies),
            repeated=len(found.repeated) + len(found.repeated_normalised),
            degenerate=len(odd),
            other_script=len(found.other_script),
            tokens=found.tokens,
            output_scripts=found.output_scripts,
        )

    def _rows_matched_as(self, how: How) -> tuple[int, ...]:
        return tuple(copy.row for copy in self.copies if copy.how == how)
