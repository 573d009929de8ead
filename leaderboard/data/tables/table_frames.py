"""What a page shows in rows: one data frame, from which the page and its .csv, .json and .parquet twins are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import pandas as pd
from pydantic import ConfigDict

from submissions.records.result import MethodScore

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row")
_TYPES = {"str": "str", "int": "Int64", "float": "Float64", "bool": "boolean"}


class TableRow:
    """Base of the rows that are downloaded; pydantic takes the text below each field as its description."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(use_attribute_docstrings=True)


@dataclass(frozen=True)
class Table:
    """A named table."""

    name: str
    """Name of the downloaded file, without its extension."""
    frame: pd.DataFrame

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows in order, by column; missing values are None, never NaN."""
        plain = self.frame.astype(object)
        columns = [plain[name].where(self.frame[name].notna(), None).tolist() for name in plain]
        names = [str(name) for name in plain]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def as_dict(row: DataclassInstance) -> dict[str, Any]:
    """Convert a row of a flat dataclass to a dict by column name."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


def frame_of(kind: type[DataclassInstance], rows: Iterable[DataclassInstance]) -> pd.DataFrame:
    """Convert rows of a flat dataclass to a frame with one typed column per field, even without rows."""
    found = list(rows)
    return pd.DataFrame(
        {name: pd.Series([getattr(row, name) for row in found], dtype=kind) for name, kind in _column_types(kind)}
    )


def mixed_frame(kinds: Sequence[type[DataclassInstance]], rows: Iterable[DataclassInstance]) -> pd.DataFrame:
    """Like `frame_of`, for rows of several classes: a row lacks the values of fields that only others have."""
    types = dict(column for kind in reversed(kinds) for column in _column_types(kind))
    order = dict.fromkeys(name for kind in kinds for name, _ in _column_types(kind))
    found = list(rows)
    return pd.DataFrame(
        {name: pd.Series([getattr(row, name, None) for row in found], dtype=types[name]) for name in order}
    )


def _column_types(kind: type[DataclassInstance]) -> list[tuple[str, str]]:
    return [(field.name, _TYPES[str(field.type).removesuffix(" | None")]) for field in fields(kind)]


def missing_reason(method: MethodScore) -> str | None:
    """Return the scorer's reason for a method's missing score or gain; None if both are present."""
    reasons = {score.why for score in (method.score, method.gain) if score.value is None and score.why}
    return "; ".join(sorted(reasons)) or None


def sort_rows(rows: Iterable[Row], sort: str) -> list[Row]:
    """Sort rows by a field, `-field` for descending order; rows without the value always come last.

    Sorting is stable: equal rows keep the order they came in.
    """
    name = sort.removeprefix("-")
    keyed = [(getattr(row, name), row) for row in rows]
    have = [pair for pair in keyed if pair[0] is not None]
    have.sort(key=lambda pair: _sort_key(pair[0]), reverse=sort.startswith("-"))
    return [row for _, row in have] + [row for value, row in keyed if value is None]


def _sort_key(value: object) -> Any:
    return value.casefold() if isinstance(value, str) else value
