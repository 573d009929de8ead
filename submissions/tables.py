"""Tables as files: the same rows as CSV, JSON or Parquet."""

from __future__ import annotations

import io
from typing import Literal, get_args

import pandas as pd

Ending = Literal["csv", "json", "parquet"]
ENDINGS: tuple[Ending, ...] = get_args(Ending)


def encode(table: pd.DataFrame, ending: Ending) -> bytes:
    """A table as a file's content.

    In CSV, text that a spreadsheet would run as a formula gets a leading apostrophe; JSON is a list of records with
    null for what is missing; Parquet keeps the column types.
    """
    if ending == "csv":
        return table.map(_harmless).to_csv(index=False).encode()
    if ending == "json":
        return (table.to_json(orient="records", force_ascii=False, indent=1, double_precision=15) + "\n").encode()
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
