"""Explanations of lines that are not one JSON object."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from submissions.checking.formats.json_object import DECODER, ROW_FIX, describe_json_error

ONE_LINE_FIX = "Write each row on one line of its own; `fix` does."
_SEPARATOR = re.compile(r"(?:\\r|\\n|[\s\ufeff\x1e,])*")
"""What stands between two objects on a line: blanks, commas, marks of joined files, line breaks spelled as text."""
_GLUED = re.compile(r'\}((?:\\r|\\n|[\s\ufeff\x1e,])*)\{\s*"')
_WHOLE = re.compile(rb'\s*\{\s*"[^"]{0,80}"\s*:\s*[\[{]')
_NAMES = {
    "\\": "a line break that is spelled as \\n",
    "\r": "a CR without LF",
    "\ufeff": "a byte order mark",
    "\x1e": "a record separator",
    ",": "a comma",
}


@dataclass(frozen=True)
class GluedObjects:
    """JSON values one behind the other on one line."""

    values: tuple[object, ...]
    texts: tuple[str, ...]
    columns: tuple[int, ...]
    """Where each begins, counted from 1."""
    separators: str
    """All characters between them."""


def split_glued(text: str) -> GluedObjects | None:
    """Return the objects of a line that has several, or one with a separator at its end; None for another line."""
    values: list[object] = []
    texts: list[str] = []
    columns: list[int] = []
    separators = ""
    at = _skip_separator(text, 0)
    separators += text[:at]
    while at < len(text):
        if text[at] != "{":
            return None
        try:
            value, end = DECODER.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            return None
        values.append(value)
        texts.append(text[at:end])
        columns.append(at + 1)
        at = _skip_separator(text, end)
        separators += text[end:at]
    return GluedObjects(tuple(values), tuple(texts), tuple(columns), separators) if values else None


def name_separators(separators: str) -> str:
    """Name the separators of a line, for a message; empty if they are blanks or none."""
    return " and ".join(name for char, name in _NAMES.items() if char in separators)


def explain_line(text: str, error: json.JSONDecodeError) -> tuple[str, str]:
    """Return what is wrong with a line that is not JSON, and the fix."""
    if glued := split_glued(text):
        named = name_separators(glued.separators)
        if len(glued.values) > 1:
            between = f", with {named} between them" if named else ""
            return (
                f"The line has {len(glued.values):,} rows, one behind the other{between}; "
                f"the second begins at column {glued.columns[1]:,}.",
                ONE_LINE_FIX,
            )
        if named:
            return f"The line has {named} beside the row.", "Remove it; `fix` does."
    if text.startswith(("{'", "[{'")):
        return (
            "The line is not JSON: it has single quotes, as Python prints a row.",
            "Write the rows with json.dumps: JSON has double quotes.",
        )
    if _is_open(text, error):
        fault = f"{describe_json_error(error)} at column {error.colno:,}"
        return f"The line is not JSON: {fault}; the row is cut off, or runs over several lines.", ROW_FIX
    return f"The line is not JSON: {describe_json_error(error)} at column {error.colno:,}.", ROW_FIX


def describe_long_line(head: bytes) -> str:
    """Return how the rows of a very long line are arranged, by its beginning, as the end of a sentence."""
    if match := _GLUED.search(head.decode(errors="replace")):
        named = name_separators(match[1])
        return ": it has several rows, one behind the other" + (f", with {named} between them" if named else "")
    return ": its rows are inside one object, or written column by column" if _WHOLE.match(head) else ""


def _is_open(text: str, error: json.JSONDecodeError) -> bool:
    """Return whether a text is the beginning of an object."""
    return text.startswith("{") and (error.pos >= len(text) or error.msg.startswith("Unterminated string"))


def is_open_object(text: str) -> bool:
    """Return whether a text is the beginning of an object, whose rest may follow on the next line."""
    try:
        DECODER.decode(text)
    except json.JSONDecodeError as error:
        return _is_open(text, error)
    except RecursionError:
        return False
    return False


def _skip_separator(text: str, at: int) -> int:
    match = _SEPARATOR.match(text, at)
    return match.end() if match else at
