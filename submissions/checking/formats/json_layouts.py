"""JSON values that hold many rows in another arrangement than one object for each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from submissions.checking.problem_list import quote_text

_CHAT_KEYS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "chat")


class Pairs(list[tuple[str, object]]):
    """An object as pairs, so that a duplicate key is visible."""


@dataclass(frozen=True)
class RowLayout:
    """Rows found in one JSON value."""

    what: str
    """The arrangement in words, as the end of a sentence."""
    rows: tuple[object, ...]
    """The rows, each as if it were an object of its own."""


def find_row_layout(value: object) -> RowLayout | None:
    """Return the rows of an object that is column-wise, or wraps its rows; None for another, or an ambiguous one."""
    if not isinstance(value, Pairs):
        return None
    fields = dict(value)
    if len(fields) < len(value):
        return None
    return _find_columns(fields) or _find_split(fields) or _find_indexed(fields) or _find_wrapped(fields)


def find_chat_key(fields: dict[str, object]) -> str | None:
    """Return the key of a row that holds a chat (messages, conversations); None without any."""
    for key in _CHAT_KEYS:
        if isinstance(fields.get(key), list):
            return key
    return None


def _find_columns(fields: dict[str, object]) -> RowLayout | None:
    """Columns as lists, or as objects with the same row labels, as pandas writes them."""
    columns: dict[str, list[object]] = {}
    labels: list[list[str]] = []
    for name, value in fields.items():
        if isinstance(value, Pairs):
            labels.append([label for label, _ in value])
            columns[name] = [cell for _, cell in value]
        elif isinstance(value, list):
            columns[name] = value
    if not {"input", "output"} <= columns.keys() or columns.keys() != fields.keys():
        return None
    if len({len(cells) for cells in columns.values()}) > 1 or any(one != labels[0] for one in labels):
        return None
    if labels and len(labels) < len(columns):
        return None
    if len(columns["input"]) == 0 or _is_chat(columns["input"]):
        return None
    rows = zip(*columns.values(), strict=True)
    return RowLayout("column by column", tuple(Pairs(zip(columns, cells, strict=True)) for cells in rows))


def _is_chat(cells: list[object]) -> bool:
    return any(isinstance(cell, Pairs) for cell in cells)


def _find_split(fields: dict[str, object]) -> RowLayout | None:
    """A list of column names, and a list of rows without names (pandas: split)."""
    names, rows = fields.get("columns"), fields.get("data")
    if not isinstance(names, list) or not isinstance(rows, list) or not all(isinstance(name, str) for name in names):
        return None
    if names.count("input") != 1 or names.count("output") != 1 or len(set(names)) < len(names) or not rows:
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    cells = cast(list[list[object]], rows)
    return RowLayout(
        "as a list of columns and a list of cells", tuple(Pairs(zip(names, row, strict=True)) for row in cells)
    )


def _find_indexed(fields: dict[str, object]) -> RowLayout | None:
    """An object of rows, each under a label (pandas: index)."""
    if not fields or not all(is_row(value) for value in fields.values()):
        return None
    return RowLayout("as one object, each row under a label", tuple(fields.values()))


def _find_wrapped(fields: dict[str, object]) -> RowLayout | None:
    """One key with a list of rows, beside others without any; each row may lie under `row` (the Hub's viewer)."""
    lists = [(key, value) for key, value in fields.items() if isinstance(value, list) and _holds_rows(value)]
    if len(lists) != 1 or "input" in fields or "output" in fields:
        return None
    key, rows = lists[0]
    return RowLayout(f"inside an object, under the key {quote_text(key, 30)}", tuple(map(_unwrap_row, rows)))


def _holds_rows(values: list[object]) -> bool:
    return bool(values) and all(is_row(_unwrap_row(value)) for value in values)


def _unwrap_row(value: object) -> object:
    inner = dict(value).get("row") if isinstance(value, Pairs) else None
    return inner if isinstance(inner, Pairs) else value


def is_row(value: object) -> bool:
    """Return whether a JSON value is an object with an input and an output."""
    return isinstance(value, Pairs) and {"input", "output"} <= {name.strip().casefold() for name, _ in value}


def iter_row_values(value: object) -> Iterator[object]:
    """Yield the rows of a value that holds many, or the value itself."""
    layout = find_row_layout(value)
    yield from layout.rows if layout else (value,)
