"""A result as tables, and tables as files: the same rows as CSV, JSON or Parquet."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal, get_args

from submissions.models import MethodScore, Result, TaskResult

if TYPE_CHECKING:
    import pandas as pd

Ending = Literal["csv", "json", "parquet"]
ENDINGS: tuple[Ending, ...] = get_args(Ending)


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet would run; the last four are the full-width forms."""

_TASK_COLUMNS = ["task", "state", "method", "score", "n", "gain", "base", "reference", "rows", "removed"]
_TOTAL_COLUMNS = ["method", "subset", "group", "gain", "n", "median", "low", "high"]


def task_table(result: Result) -> pd.DataFrame:
    """One row per task and method, in the result's order; what is unscored is NaN.

    A task without methods still has a row, with no method: the table must not hide it.
    """
    import pandas as pd  # here, because it takes longer to load than most commands take to run

    rows = [_task_row(task, method) for task in result.tasks for method in task.methods or (None,)]
    table = pd.DataFrame(rows, columns=_TASK_COLUMNS)
    return table.astype({**dict.fromkeys(["score", "gain", "base", "reference"], "float64"), "method": "str"})


def total_table(result: Result) -> pd.DataFrame:
    """One row per mean over tasks: its gain, the 95% interval from low to high, and how many tasks it is over."""
    import pandas as pd

    rows = []
    for total in result.totals:
        low, high = total.gain.interval or (None, None)
        gain = total.gain
        rows.append((total.method, total.subset, total.group, gain.value, gain.n, total.median, low, high))
    table = pd.DataFrame(rows, columns=_TOTAL_COLUMNS)
    return table.astype(dict.fromkeys(["gain", "median", "low", "high"], "float64"))


def _task_row(task: TaskResult, method: MethodScore | None) -> tuple[object, ...]:
    scored = (method.method, method.score.value, method.score.n, method.gain.value) if method else (None, None, 0, None)
    return (task.task, task.state, *scored, task.base.value, task.reference.value, task.rows, task.removed)


def encode(table: pd.DataFrame, ending: Ending) -> bytes:
    """A table as a file's content.

    In CSV, text that a spreadsheet would run as a formula gets a leading apostrophe; JSON is a list of records with
    null for what is missing; Parquet keeps the column types.
    """
    if ending == "csv":
        # With \r\n between records (RFC 4180) a lone \r in a cell is quoted too; with \n it would end its record.
        return table.map(_harmless).to_csv(index=False, lineterminator="\r\n").encode()
    if ending == "json":
        return (table.to_json(orient="records", force_ascii=False, indent=1, double_precision=15) + "\n").encode()
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
