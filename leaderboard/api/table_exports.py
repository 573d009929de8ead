"""Descriptions of all downloadable tables, by route; the source of /openapi.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from leaderboard.board.query import BoardQuery
from leaderboard.data.tables.attempts import AttemptsRow
from leaderboard.data.tables.costs import CostRow, RunCostRow
from leaderboard.data.tables.system_categories import CategoryRow
from leaderboard.data.tables.system_profile import SystemTaskRow
from leaderboard.pages.board.page import SECTION_PATH
from leaderboard.pages.cases.list_page import CaseListRow
from leaderboard.pages.cases.side_by_side import CaseRow
from leaderboard.pages.compare.pairwise import PairRow
from leaderboard.pages.submission.result_findings import DimensionRow, MetricRow, ScreenRow
from leaderboard.pages.submissions import SubmissionRow
from leaderboard.pages.task.page import AnchorRow
from leaderboard.pages.task.task_score import TaskScore
from leaderboard.pages.tasks.table import TaskRow
from leaderboard.tracks import BOARDS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Schema = dict[str, Any]
TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
"""JSON types by the field type in the row class."""
TERMS = ("protocol", "method", "subset")


@dataclass(frozen=True)
class TableExport:
    """Description of one downloadable table."""

    about: str
    rows: tuple[type[DataclassInstance], ...] = ()
    """Class of the rows; several where the URL chooses between them."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Columns and their types for a table without a row class; a `?` marks a nullable one."""
    further: str = ""
    """Further columns that depend on the query or the arena."""
    query: tuple[str, ...] = ()
    """Query parameters of the URL."""


def list_table_exports() -> dict[str, TableExport]:
    """Describe every table by its route; those of the boards' sections together have one."""
    rows = tuple(dict.fromkeys(board.row for board in BOARDS.values()))
    return {
        "/board/{track:stem}{ending:ending}": TableExport(
            "A board. Entries under review come last and have a reason in `flagged`.",
            rows,
            query=tuple(BoardQuery.model_fields),
        ),
        SECTION_PATH: TableExport("A section below a board.", query=("protocol",)),
        "/leaders{ending:ending}": TableExport("The rows of the front page, in the format of a board.", rows),
        **_OF_ALL_BOARDS,
        "/insights/{name:stem}{ending:ending}": _insight_export(),
    }


def _insight_export() -> TableExport:
    specs = [spec for board in BOARDS.values() for spec in board.insights]
    *names, last = [f"`{name}`" for name in dict.fromkeys(spec.name for spec in specs)]
    about = f"The table of one insight: {', '.join(names)} or {last}."
    return TableExport(about, tuple(dict.fromkeys(spec.row for spec in specs)), query=("track", "protocol"))


def list_section_exports() -> dict[str, TableExport]:
    """Describe the table of each section of a board, by the section's name."""
    sections = [section for board in BOARDS.values() for section in board.sections]
    rows: dict[str, list[type[DataclassInstance]]] = {}
    for section in sections:
        rows.setdefault(section.name, []).append(section.row)
    about = {section.name: section.about for section in reversed(sections)}
    return {
        name: TableExport(about[name], tuple(dict.fromkeys(kinds)), query=("protocol",)) for name, kinds in rows.items()
    }


def column_schemas(kind: type[DataclassInstance]) -> dict[str, Schema]:
    """Schema of each column of a row class, described by the field's docstring."""
    descriptions = _field_descriptions(kind)
    return {
        one.name: type_schema(str(one.type).replace(" | None", "?"))
        | ({"description": descriptions[one.name]} if one.name in descriptions else {})
        for one in fields(kind)
    }


def type_schema(name: str) -> Schema:
    """JSON schema of a type such as `str` or `float?`."""
    plain = TYPES[name.removesuffix("?")]
    return {"type": [plain, "null"] if name.endswith("?") else plain}


def _field_descriptions(kind: type[DataclassInstance]) -> dict[str, str]:
    """Descriptions by field, as pydantic reads them: of each class for its own fields, so bases are asked first."""
    descriptions = {}
    for base in reversed(kind.__mro__):
        if is_dataclass(base):
            for name, schema in TypeAdapter(base).json_schema()["properties"].items():
                if "description" in schema:
                    descriptions[name] = " ".join(schema["description"].split())
    return descriptions


_SCORES = dict.fromkeys(
    ("score", "score_low", "score_high", "gain", "gain_low", "gain_high", "base", "base_low", "base_high", "reference",
     "reference_low", "reference_high", "seed_sd"), "float?",
)  # fmt: skip
_OF_SYSTEMS = "For each system, by its slug: its value, and `…_low`, `…_high` and `…_why` where available."
_OF_ALL_BOARDS: Mapping[str, TableExport] = {
    "/tasks{ending:ending}": TableExport(
        "The tasks, and how hard each is.", (TaskRow,),
        query=("q", "category", "kind", "language", "subset", "protocol", "sort"),
    ),
    "/tasks/{task}/anchors{ending:ending}": TableExport("The two ends of a task's scale, by protocol.", (AnchorRow,)),
    "/tasks/{task:stem}{ending:ending}": TableExport("Scores of every system on a task.", (TaskScore,)),
    "/cases{ending:ending}": TableExport("All case studies.", (CaseListRow,), query=("track", "protocol")),
    "/cases/{slug:stem}{ending:ending}": TableExport(
        "The figures of one case.", (CaseRow,), query=("track", "protocol")
    ),
    "/submissions{ending:ending}": TableExport(
        "All submissions, newest first.", (SubmissionRow,), query=("q", "state", "system_type", "mine")
    ),
    "/submissions/{ulid}/costs{ending:ending}": TableExport(
        "Cost of an evaluation by stage; the last row is the sum.", (CostRow,), query=("protocol",)
    ),
    "/submissions/{ulid}/costs-by-task{ending:ending}": TableExport(
        "Cost of an evaluation by task and stage.", (CostRow,), query=("protocol",)
    ),
    "/submissions/{ulid}/totals{ending:ending}": TableExport(
        "A result's means over tasks.",
        columns=dict.fromkeys(("method", "subset", "group", "scale"), "str") | {"n": "int", "why": "str?"}
        | dict.fromkeys(("gain", "median", "low", "high", "seed_sd"), "float?"),
        query=("protocol",),
    ),
    "/submissions/{ulid}/metrics{ending:ending}": TableExport(
        "The metrics other than the headline metric.", (MetricRow,), query=("protocol",)
    ),
    "/submissions/{ulid}/screen{ending:ending}": TableExport(
        "Test-set overlap, task by task.", (ScreenRow,), query=("protocol",)
    ),
    "/submissions/{ulid}/metadata{ending:ending}": TableExport(
        "The metadata judge's score in each dimension.", (DimensionRow,), query=("protocol",)
    ),
    "/submissions/{ulid:stem}{ending:ending}": TableExport(
        "One result, task by task and method by method.",
        columns={"task": "str", "state": "str", "method": "str?", "scale": "str?", "n": "int", "rows": "int",
                 "removed": "int", "why": "str?"} | _SCORES,
        query=("protocol",),
    ),
    "/systems/{slug}/submissions{ending:ending}": TableExport(
        "A system's submissions, newest first.",
        columns={"submission": "str", "received": "str?", "track": "str?", "state": "str?", "message": "str?"},
        further="For each protocol its overall figure, with `…_low`, `…_high` and `…_apart`.", query=("track", *TERMS),
    ),
    "/systems/{slug}/attempts{ending:ending}": TableExport(
        "Outcomes of the submissions of a system and of its team.", (AttemptsRow,), query=("track", *TERMS)
    ),
    "/systems/{slug}/costs{ending:ending}": TableExport(
        "Cost of each evaluation of a system.", (RunCostRow,), query=("track", *TERMS)
    ),
    "/systems/{slug}/categories{ending:ending}": TableExport(
        "A system's mean gain by category.", (CategoryRow,), query=("track", *TERMS)
    ),
    "/systems/{slug:stem}{ending:ending}": TableExport(
        "A system's result, task by task, compared with the leader and the reference.",
        (SystemTaskRow,),
        query=("track", *TERMS),
    ),
    "/compare/pairs{ending:ending}": TableExport(
        "Every pair of the compared systems.", (PairRow,), query=("system", "track", *TERMS)
    ),
    "/compare/totals{ending:ending}": TableExport(
        "The systems' means by kind and method.", columns={"method": "str", "group": "str"}, further=_OF_SYSTEMS,
        query=("system", "track", *TERMS),
    ),
    "/compare/categories{ending:ending}": TableExport(
        "The systems' means by category.", columns={"category": "str", "tasks": "int"}, further=_OF_SYSTEMS,
        query=("system", "track", *TERMS),
    ),
    "/compare/metadata{ending:ending}": TableExport(
        "The metadata scores of the systems that were rated.", columns={"dimension": "str"},
        further="For each rated system, by its slug: its score, 0 to 10.", query=("system", "track", *TERMS),
    ),
    "/compare{ending:ending}": TableExport(
        "The systems side by side, task by task.",
        columns={"task": "str", "title": "str", "category": "str?", "kind": "str?", "scale": "str",
                 "difference": "float?"},
        further=_OF_SYSTEMS, query=("system", "track", *TERMS),
    ),
}  # fmt: skip
