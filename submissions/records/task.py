"""The public task, and its hidden reference."""

from __future__ import annotations

from pydantic import Field

from submissions.records.base import Key, Record, TaskId

Kind = Key
"""Group of tasks that has a total of its own, for example by what they demand of the data; the track lists them."""


class Row(Record):
    """One training or test example: the model's input and its expected output."""

    input: str
    output: str
    group: str = Field(default="", exclude_if=lambda group: not group)
    """Passage or source that the row shares with others of its reference; empty if unknown, or for a delivered row."""


class Task(Record):
    """One demand for a data set. Public."""

    id: TaskId
    track: str
    title: str
    category: str
    """Use of the data set, for example `multiple_choice`; the track lists the categories."""
    kind: Kind
    language: str
    """BCP 47 tag of the outputs, for example `en` or `zh-Hant`."""
    subsets: tuple[str, ...] = ("full",)
    """Boards that count this task; `pro` is the hard subset."""
    metric: str
    """The headline metric under arena@1, for example `token_f1`."""
    demand: str
    """Demand given to a DataResearcher: the wanted data set in plain words."""


class Metadata(Record):
    """Description of a data set, in the dimensions that the judge compares (paper, section 3.2)."""

    introduction: str
    task: str
    question: str
    domain: str = ""
    input: str
    output: str
    source: str
    example: Row | None = None
    samples_count: int = Field(ge=0)


class Reference(Record):
    """The hidden side of a task. Private: only the evaluator and curation read it."""

    task: TaskId
    metadata: Metadata
    train: tuple[Row, ...]
    test: tuple[Row, ...]
