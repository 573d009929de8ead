"""One row as a JSON object."""

from __future__ import annotations

import json

from submissions.checking.formats.json_layouts import Pairs, find_chat_key, find_row_layout
from submissions.checking.formats.raw_row import RawRow
from submissions.checking.problem_list import ProblemList, quote_text

JSON_BLANKS = " \t\r\n"
"""White space of JSON; str.strip removes more."""
TOO_DEEP = "The JSON is nested too deeply to be a row."
ROW_FIX = 'Write each row as an object of two texts: {"input": "…", "output": "…"}.'
LAYOUT_FIX = "Write each row as an object of its own; `fix` does."
_CHAT_FIX = "Write the user's turn as the input, and the assistant's as the output, of one row."


# Numbers are only named in messages: as a float, one of a million digits costs nothing.
DECODER = json.JSONDecoder(object_pairs_hook=Pairs, parse_int=float)


def parse_row_object(value: object, line: int, listing: ProblemList) -> RawRow | None:
    """Parse a JSON value to a row; None (and listed) if it is invalid."""
    if not isinstance(value, Pairs):
        listing.add_error(_describe_other(value), ROW_FIX, line)
        return None
    fields = dict(value)
    if len(fields) < len(value) and (twice := _find_repeated_key(value)):
        listing.add_error(f"The key {quote_text(twice)} occurs twice in one row.", "Keep one of them.", line)
        return None
    if fault := _find_arrangement_fault(value, fields):
        listing.add_error(*fault, line)
        return None
    instruction = next((cell for key, cell in value if key.strip().casefold() == "instruction"), None)
    missing = [key for key in ("input", "output") if key not in fields]
    if missing == ["input"] and isinstance(instruction, str):
        fields["input"], missing = "", []
    if missing:
        keys = ", ".join(quote_text(key, 30) for key in list(fields)[:8]) or "none"
        listing.add_error(f"The row has no key {' and no key '.join(missing)} (its keys: {keys}).", ROW_FIX, line)
        return None
    extra = tuple(key for key in fields if key not in ("input", "output"))
    return RawRow(line, fields["input"], fields["output"], extra, instruction)


def _describe_other(value: object) -> str:
    if isinstance(value, str) and value.strip().startswith("{"):
        return "The row is a text that contains JSON: it was encoded twice."
    if isinstance(value, list) and value and all(isinstance(one, Pairs) for one in value):
        return "The row is a list of objects, not one object."
    return f"The row is {describe_json_type(value)}, not an object."


def _find_arrangement_fault(value: Pairs, fields: dict[str, object]) -> tuple[str, str] | None:
    """Return fault and fix of a value that holds many rows, or a chat; None for one row."""
    if isinstance(fields.get("input"), str) and isinstance(fields.get("output"), str):
        return None
    if layout := find_row_layout(value):
        rows = "row is" if len(layout.rows) == 1 else "rows are"
        return f"{len(layout.rows):,} {rows} written {layout.what}.", LAYOUT_FIX
    if key := find_chat_key(fields):
        return f"The row is a chat, under the key {quote_text(key)}, not an input and an output.", _CHAT_FIX
    if isinstance(turns := fields.get("input"), list) and turns and all(isinstance(turn, Pairs) for turn in turns):
        return "The input is a list of chat turns, not a text.", _CHAT_FIX
    return None


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
