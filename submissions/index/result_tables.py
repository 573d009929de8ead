"""Result tables and their export: the same rows as CSV, JSON or Parquet."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal, get_args

from submissions.records.base import Score
from submissions.records.result import MethodScore, Result, TaskResult

if TYPE_CHECKING:
    import pandas as pd

Ending = Literal["csv", "json", "parquet"]
ENDINGS: tuple[Ending, ...] = get_args(Ending)


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Start of a cell that a spreadsheet would run; the last four are the full-width forms."""

_TASK_TEXTS = ("task", "state", "method", "scale")
_TASK_COLUMNS = [
    "task", "state", "method", "score", "score_low", "score_high", "n", "gain", "gain_low", "gain_high", "scale",
    "base", "base_low", "base_high", "reference", "reference_low", "reference_high", "seed_sd", "rows", "removed",
]  # fmt: skip
_TOTAL_COLUMNS = ["method", "subset", "group", "gain", "n", "median", "low", "high", "seed_sd", "scale"]
_COUNTS = ("n", "rows", "removed")


def task_table(result: Result) -> pd.DataFrame:
    """One row per task and method, in the result's order; an unscored value is NaN.

    Beside a number stand the ends of its 95% interval. `gain` is on the scale that `scale` names: `gain`, or `ratio`,
    where 1 is the reference score. A task without methods still has a row, with no method: the table must not hide it.
    """
    import pandas as pd  # imported here: loading it takes longer than most commands run

    rows = [_task_row(task, method) for task in result.tasks for method in task.methods or (None,)]
    table = pd.DataFrame(rows, columns=_TASK_COLUMNS)
    floats = [name for name in _TASK_COLUMNS if name not in (*_TASK_TEXTS, *_COUNTS)]
    return table.astype({**dict.fromkeys(floats, "float64"), "method": "str", "scale": "str"})


def total_table(result: Result) -> pd.DataFrame:
    """One row per mean over tasks: gain, 95% interval from low to high, and number of tasks.

    `seed_sd` is how far another training seed would move the mean; `scale` is as in `task_table`.
    """
    import pandas as pd

    rows = []
    for total in result.totals:
        gain, low, high = _value_and_bounds(total.gain)
        scale = scale_name(total.gain)
        cells = (total.method, total.subset, total.group, gain, total.gain.n, total.median, low, high)
        rows.append((*cells, total.seed_sd, scale))
    table = pd.DataFrame(rows, columns=_TOTAL_COLUMNS)
    return table.astype(dict.fromkeys(["gain", "median", "low", "high", "seed_sd"], "float64"))


def scale_name(gain: Score) -> str:
    """Return the scale of a task's or a total's gain: `gain` or `ratio`."""
    return gain.name.removeprefix("mean_")


def _task_row(task: TaskResult, method: MethodScore | None) -> tuple[object, ...]:
    scored: tuple[object, ...] = (None, None, None, None, 0, None, None, None, None)
    if method:
        score, gain = method.score, method.gain
        scored = (method.method, *_value_and_bounds(score), score.n, *_value_and_bounds(gain), scale_name(gain))
    ends = (*_value_and_bounds(task.base), *_value_and_bounds(task.reference), task.seed_sd)
    return (task.task, task.state, *scored, *ends, task.rows, task.removed)


def _value_and_bounds(score: Score | None) -> tuple[float | None, float | None, float | None]:
    low, high = (score.interval if score else None) or (None, None)
    return score.value if score else None, low, high


def encode_table(table: pd.DataFrame, ending: Ending) -> bytes:
    """Encode a table as a file's content.

    In CSV, text that a spreadsheet would run as a formula gets a leading apostrophe; JSON is a list of records with
    null for missing values; Parquet keeps the column types.
    """
    if ending == "csv":
        # With \r\n between records (RFC 4180) a lone \r in a cell is quoted too; with \n it would end its record.
        return table.map(_escape_formula).to_csv(index=False, lineterminator="\r\n").encode()
    if ending == "json":
        return (table.to_json(orient="records", force_ascii=False, indent=1, double_precision=15) + "\n").encode()
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _escape_formula(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
