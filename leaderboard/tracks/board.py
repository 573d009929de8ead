"""Definition of a track's board: its texts, row class, columns and further sections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from leaderboard.board.row import BoardRow
from leaderboard.cases.detector import CaseDetector
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.table_frames import Table
from leaderboard.insights.insight import InsightSpec
from submissions.index.result_summary import ResultSummary
from submissions.tracks import get_track

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class Column:
    """One column of a board."""

    key: str
    """Name in the table and in `?sort=`."""
    label: str
    kind: Literal["rank", "text", "type", "score", "spread", "count", "badge", "date"]
    """Cell format."""
    help: str = ""
    usual: bool = True
    """True if the column is shown when the URL names none."""


@dataclass(frozen=True)
class TaskColumn:
    """One figure of a result's task: `base`, `reference`, `rows`, `removed`, or a field of its track's details."""

    key: str
    label: str


@dataclass(frozen=True)
class Section:
    """A further part of a board's page, below the table, with a table of its own to download."""

    name: str
    """Its anchor on the page, and its downloads: `/board/<track>/<name>.csv` and so on."""
    template: str
    """Template that shows it, with the values as `part`."""
    build: Callable[[Snapshot, str, str], Mapping[str, Any]]
    """Makes the values from the snapshot, the track and the protocol."""
    table: Callable[[Snapshot, str, str], Table]
    """Makes the table, from the same."""
    row: type[DataclassInstance]
    """Class of the table's rows."""
    about: str
    """Content of the table, in one sentence for the interface's document."""


@dataclass(frozen=True)
class FrontWords:
    """Words of the front page while its board is the only one."""

    title: str
    """Title of the page."""
    description: str
    """The same for search engines, in a sentence."""
    question: str
    """Heading."""
    about: str
    """Text below the heading."""
    delivery: tuple[str, str]
    """What to submit, after "Submit": the part in bold, and the rest of the sentence."""


@dataclass(frozen=True)
class Board:
    """One track's page."""

    track: str
    lead: str
    """The board's question, in one sentence."""
    columns: tuple[Column, ...]
    row: type[BoardRow] = BoardRow
    """Class of the rows, with `<group>`, `<group>_low` and `<group>_high` for each of the track's groups."""
    sections: tuple[Section, ...] = ()
    dimensions: tuple[str, ...] = ()
    """Dimensions that the metadata judge averages, each 0 to 10; empty without such a judge."""
    insights: tuple[InsightSpec, ...] = ()
    """Sections of the page of insights."""
    cases: tuple[CaseDetector, ...] = ()
    """Detectors of notable tasks, for the page of case studies."""
    task_columns: tuple[TaskColumn, ...] = ()
    """Figures of a result's task beside its scores: on the task's, the system's and the submission's page."""
    front: FrontWords | None = None
    """Words of the front page while this board is the only one; None for its lead and its track's files."""
    end_names: tuple[str, str] = ("", "")
    """Short names of the scale's zero and of its reference on a chart's axis; empty without such points."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of tasks with stored totals: `overall`, then the track's own."""
        return get_track(self.track).group_keys

    @cached_property
    def task_labels(self) -> dict[str, str]:
        """Labels of the task columns by key."""
        return {column.key: column.label for column in self.task_columns}

    @cached_property
    def row_columns(self) -> tuple[str, ...]:
        """Names of the table's columns, in order."""
        return tuple(field.name for field in fields(self.row))

    def make_row(self, values: Mapping[str, Any], result: ResultSummary | None) -> BoardRow:
        """Make a row from the values of its columns, and from its result unless it was not evaluated here."""
        return self.row.from_values(values, result)

    def find_section(self, name: str) -> Section | None:
        """Return a section by its name; None for no such section."""
        return next((section for section in self.sections if section.name == name), None)
