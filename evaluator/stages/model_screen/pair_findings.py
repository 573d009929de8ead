"""Records of the report: pairs, tasks and the end. Private: they quote hidden test rows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from evaluator.config.model_screen_settings import ModelScreenSettings
from evaluator.llm.client import TokenUsage
from evaluator.stages.model_screen.candidates import Measure
from evaluator.stages.model_screen.pair_judge import FOUND, Relation
from submissions.records.base import Record, TaskId
from submissions.records.task import Row


class ReportedPair(Record):
    """A delivered row beside a test row."""

    kind: Literal["pair"] = "pair"
    task: TaskId
    row: int = Field(ge=1)
    """Line of the delivered row in its file, from 1."""
    test_row: int = Field(ge=1)
    """Line of the test row in `test.jsonl` of the benchmark, from 1."""
    measure: Measure
    similarity: float
    """Cosine of the vectors, of a model or of letters."""
    verdict: Relation | None = None
    """The judge's verdict; None if there is no judge, or no verdict."""
    reason: str = ""
    """The judge's reason, in its own words."""
    unscored: str | None = None
    """Reason why the judge gave no verdict; None if it gave one or was not asked."""
    delivered: Row
    test: Row

    @property
    def is_found(self) -> bool:
        """Return whether a model finds the row to be the test row in other words."""
        return self.unscored is None and (self.verdict is None or self.verdict in FOUND)


class TaskScreening(Record):
    """How much of a task was looked at, and how many pairs were found. Quotes no row."""

    kind: Literal["task"] = "task"
    task: TaskId
    rows: int
    """Delivered rows."""
    copies: int
    """Of them copies of a test row by letters, which the screen of an evaluation removes; not compared here."""
    beyond: int
    """Of the others those after the first `max_rows`; not compared."""
    test_rows: int
    threshold: float | None = None
    """Minimum cosine of a candidate; None if candidates are simply the most similar pairs."""
    pairs: int = 0
    """Candidates."""
    left_out: int = 0
    """Further candidates beyond `max_pairs`; neither reported nor judged."""
    found: int = 0
    verdicts: dict[Relation, int] = Field(default_factory=dict)
    unscored_pairs: int = 0
    """Candidates without a verdict of the judge that was to give one."""
    unscored_rows: dict[int, str] = Field(default_factory=dict)
    """Lines of delivered rows without a vector, with the reason."""
    unscored_test_rows: dict[int, str] = Field(default_factory=dict)
    cut_rows: tuple[int, ...] = ()
    """Lines of delivered rows of which the embedding model read only the first `max_characters`."""
    cut_test_rows: tuple[int, ...] = ()
    unfinished: str | None = None
    """Error that ended this task early; None if it is complete."""

    @property
    def is_scored(self) -> bool:
        """Return whether all of every compared row was read, so that nothing found means something."""
        unread = self.unscored_rows or self.unscored_test_rows or self.cut_rows or self.cut_test_rows
        return not (self.left_out or self.unscored_pairs or unread) and self.unfinished is None


class StageUsage(Record):
    """What a stage has used for this submission in all its runs."""

    stage: Literal["embedding", "judge"]
    model: str
    snapshot: str
    tokens: TokenUsage
    cost: float
    """In the currency of the connection's prices."""


class ReportEnd(Record):
    """Last line of a report."""

    kind: Literal["end"] = "end"
    source: str
    """Submission id, or name of the delivered folder."""
    complete: bool
    """True if every task was screened to its end."""
    missing: tuple[TaskId, ...] = ()
    """Delivered tasks that are not in the report."""
    why: str | None = None
    """Error that ended the report early."""
    usage: tuple[StageUsage, ...]
    settings: ModelScreenSettings


class ReportSummary(Record):
    """Summary of a report, which quotes no row, for the terminal and for `--json`."""

    report: str
    """Path of the file."""
    tasks: tuple[TaskScreening, ...]
    end: ReportEnd
