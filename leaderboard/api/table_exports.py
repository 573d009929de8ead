"""What every table that can be downloaded holds, by the address of its route; /openapi.json is written from it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from leaderboard.board.query import Choice
from leaderboard.board.row import BoardRow
from leaderboard.data.attempts import AttemptsRow
from leaderboard.data.costs import CostRow, RunCostRow
from leaderboard.data.judge_scores import JudgedRow
from leaderboard.data.system_categories import CategoryRow
from leaderboard.data.system_profile import StandingRow
from leaderboard.data.task_score import TaskScore
from leaderboard.pages.cases.list_page import Listed
from leaderboard.pages.cases.side_by_side import CaseRow
from leaderboard.pages.compare.pairwise import PairRow
from leaderboard.pages.insights.cost import ByCostRow
from leaderboard.pages.insights.knowledge_vs_reasoning import KindsRow
from leaderboard.pages.insights.metadata import MetadataRow
from leaderboard.pages.insights.preview import PreviewRow
from leaderboard.pages.insights.rows import RowsRow
from leaderboard.pages.insights.tokens import TokensRow
from leaderboard.pages.submission.result_findings import DimensionRow, MetricRow, ScreenRow
from leaderboard.pages.submissions import SubmissionRow
from leaderboard.pages.task.page import AnchorRow
from leaderboard.pages.tasks.table import TaskRow

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Schema = dict[str, Any]
TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
"""A column's type in JSON, by what its row's class says."""
TERMS = ("protocol", "method", "subset")


@dataclass(frozen=True)
class Twin:
    """One table."""

    about: str
    rows: tuple[type[DataclassInstance], ...] = ()
    """The class of its rows; several where the address chooses between them."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Columns and their types where there is no such class; a `?` marks one that may be null."""
    further: str = ""
    """What other columns there are, where that depends on the query or the arena."""
    query: tuple[str, ...] = ()
    """The names that its address takes."""


def columns_of(kind: type[DataclassInstance]) -> dict[str, Schema]:
    """A schema for each column of a row's class, with what is said below the field."""
    said = dict(_said(kind))
    return {
        one.name: typed(str(one.type).replace(" | None", "?"))
        | ({"description": said[one.name]} if one.name in said else {})
        for one in fields(kind)
    }


def typed(name: str) -> Schema:
    """The schema of a type such as `str` or `float?`."""
    plain = TYPES[name.removesuffix("?")]
    return {"type": [plain, "null"] if name.endswith("?") else plain}


def _said(kind: type) -> Iterator[tuple[str, str]]:
    """Each field of a class, its bases' first, with the text below it."""
    for one in reversed(kind.__mro__[:-1]):
        (declared,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        assert isinstance(declared, ast.ClassDef)
        for above, below in zip(declared.body, declared.body[1:], strict=False):
            if isinstance(above, ast.AnnAssign) and isinstance(above.target, ast.Name) and isinstance(below, ast.Expr):
                assert isinstance(below.value, ast.Constant)
                yield above.target.id, " ".join(str(below.value.value).split())


_SCORES = dict.fromkeys(
    ("score", "score_low", "score_high", "gain", "gain_low", "gain_high", "base", "base_low", "base_high", "reference",
     "reference_low", "reference_high", "seed_sd"), "float?",
)  # fmt: skip
_OF_SYSTEMS = "For each system, called by its slug: its value, and where there are any `…_low`, `…_high` and `…_why`."
TWINS: Mapping[str, Twin] = {
    "/board/{track:stem}{ending:ending}": Twin(
        "A board. Entries that are set apart come last and have a reason in `flagged`.",
        (BoardRow,), query=tuple(one.name for one in fields(Choice)),
    ),
    "/board/{track}/metadata{ending:ending}": Twin(
        "The metadata judges' scores below a board.", (JudgedRow,), query=("protocol",)
    ),
    "/tasks{ending:ending}": Twin(
        "The tasks, and how hard each is.", (TaskRow,),
        query=("q", "category", "kind", "language", "subset", "protocol", "sort"),
    ),
    "/tasks/{task}/anchors{ending:ending}": Twin("The two ends of a task's scale, by protocol.", (AnchorRow,)),
    "/tasks/{task:stem}{ending:ending}": Twin("What every system scored on a task.", (TaskScore,)),
    "/insights/{name:stem}{ending:ending}": Twin(
        "The table of one insight: `metadata`, `preview`, `rows`, `tokens`, `cost` or `kinds`.",
        (MetadataRow, PreviewRow, RowsRow, TokensRow, ByCostRow, KindsRow), query=("track", "protocol"),
    ),
    "/leaders{ending:ending}": Twin("The rows of the front page, as a board has them.", (BoardRow,)),
    "/cases{ending:ending}": Twin("All case studies.", (Listed,), query=("track", "protocol")),
    "/cases/{slug:stem}{ending:ending}": Twin("The figures of one case.", (CaseRow,), query=("track", "protocol")),
    "/submissions{ending:ending}": Twin(
        "All submissions, newest first.", (SubmissionRow,), query=("q", "state", "system_type", "mine")
    ),
    "/submissions/{ulid}/costs{ending:ending}": Twin(
        "What an evaluation cost, by stage; the last row is the sum.", (CostRow,), query=("protocol",)
    ),
    "/submissions/{ulid}/costs-by-task{ending:ending}": Twin(
        "What an evaluation cost, by task and stage.", (CostRow,), query=("protocol",)
    ),
    "/submissions/{ulid}/totals{ending:ending}": Twin(
        "A result's means over tasks.",
        columns=dict.fromkeys(("method", "subset", "group", "scale"), "str") | {"n": "int", "why": "str?"}
        | dict.fromkeys(("gain", "median", "low", "high", "seed_sd"), "float?"),
        query=("protocol",),
    ),
    "/submissions/{ulid}/metrics{ending:ending}": Twin(
        "The metrics beside the headline metric.", (MetricRow,), query=("protocol",)
    ),
    "/submissions/{ulid}/screen{ending:ending}": Twin(
        "What the screen found, task by task.", (ScreenRow,), query=("protocol",)
    ),
    "/submissions/{ulid}/metadata{ending:ending}": Twin(
        "The metadata judge's score in each dimension.", (DimensionRow,), query=("protocol",)
    ),
    "/submissions/{ulid:stem}{ending:ending}": Twin(
        "One result, task by task and method by method.",
        columns={"task": "str", "state": "str", "method": "str?", "scale": "str?", "n": "int", "rows": "int",
                 "removed": "int", "why": "str?"} | _SCORES,
        query=("protocol",),
    ),
    "/systems/{slug}/submissions{ending:ending}": Twin(
        "A system's submissions, newest first.",
        columns={"submission": "str", "received": "str?", "track": "str?", "state": "str?", "message": "str?"},
        further="For each protocol its overall figure, with `…_low`, `…_high` and `…_apart`.", query=("track", *TERMS),
    ),
    "/systems/{slug}/attempts{ending:ending}": Twin(
        "What became of the submissions of a system, and of its team.", (AttemptsRow,), query=("track", *TERMS)
    ),
    "/systems/{slug}/costs{ending:ending}": Twin(
        "What each evaluation of a system cost.", (RunCostRow,), query=("track", *TERMS)
    ),
    "/systems/{slug}/categories{ending:ending}": Twin(
        "A system's mean gain by category.", (CategoryRow,), query=("track", *TERMS)
    ),
    "/systems/{slug:stem}{ending:ending}": Twin(
        "A system's result, task by task, beside the leader and the reference.", (StandingRow,), query=("track", *TERMS)
    ),
    "/compare/pairs{ending:ending}": Twin(
        "Every pair of the compared systems.", (PairRow,), query=("system", "track", *TERMS)
    ),
    "/compare/totals{ending:ending}": Twin(
        "The systems' means by kind and method.", columns={"method": "str", "group": "str"}, further=_OF_SYSTEMS,
        query=("system", "track", *TERMS),
    ),
    "/compare/categories{ending:ending}": Twin(
        "The systems' means by category.", columns={"category": "str", "tasks": "int"}, further=_OF_SYSTEMS,
        query=("system", "track", *TERMS),
    ),
    "/compare/metadata{ending:ending}": Twin(
        "The metadata judge's scores of the systems that were judged.", columns={"dimension": "str"},
        further="For each judged system, called by its slug: its score, 0 to 10.", query=("system", "track", *TERMS),
    ),
    "/compare{ending:ending}": Twin(
        "The systems side by side, task by task.",
        columns={"task": "str", "title": "str", "category": "str?", "kind": "str?", "scale": "str",
                 "difference": "float?"},
        further=_OF_SYSTEMS, query=("system", "track", *TERMS),
    ),
}  # fmt: skip
