"""One row as a JSON object."""

from __future__ import annotations

import json

from submissions.checking.formats.raw_row import RawRow
from submissions.checking.problem_list import ProblemList, quote_text

TOO_DEEP = "The JSON is nested too deeply to be a row."
ROW_FIX = 'Write each row as an object of two texts: {"input": "…", "output": "…"}.'


class Pairs(list[tuple[str, object]]):
    """An object as pairs, so that a duplicate key is visible."""


# Numbers are only named in messages: as a float, one of a million digits costs nothing.
DECODER = json.JSONDecoder(object_pairs_hook=Pairs, parse_int=float)


def parse_row_object(value: object, line: int, listing: ProblemList) -> RawRow | None:
    """Parse a JSON value to a row; None (and listed) if it is invalid."""
    if not isinstance(value, Pairs):
        listing.add_error(f"The row is {describe_json_type(value)}, not an object.", ROW_FIX, line)
        return None
    fields = dict(value)
    if len(fields) < len(value) and (twice := _find_repeated_key(value)):
        listing.add_error(f"The key {quote_text(twice)} occurs twice in one row.", "Keep one of them.", line)
        return None
    missing = [key for key in ("input", "output") if key not in fields]
    if missing:
        keys = ", ".join(quote_text(key, 30) for key in list(fields)[:8]) or "none"
        listing.add_error(f"The row has no key {' and no key '.join(missing)} (its keys: {keys}).", ROW_FIX, line)
        return None
    extra = tuple(key for key in fields if key not in ("input", "output"))
    return RawRow(line, fields["input"], fields["output"], extra)


def describe_json_error(error: json.JSONDecodeError) -> str:
    """Describe a JSON syntax error; the caller appends its location."""
    return error.msg[:1].lower() + error.msg[1:].removesuffix(" at")


def describe_json_type(value: object) -> str:
    """Describe the type of a JSON value in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, Pairs):
        return "an object"
    return "a list" if isinstance(value, list) else "a number"


def _find_repeated_key(pairs: Pairs) -> str | None:
    keys = [key for key, _ in pairs]
    return next((key for key in ("input", "output") if keys.count(key) > 1), None)
