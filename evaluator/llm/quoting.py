"""Untrusted text as data in a prompt: JSON that no value can break out of, with long values truncated."""

from __future__ import annotations

import json

import regex
from pydantic import JsonValue

_SPECIAL = regex.compile(
    r"[<>`]|\[(?=/?[A-Z_]+\])"  # open a tag, a fence, or a token that frames turns: <|…|>, [INST]
    r"|[^\P{C}\n]|[\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]"  # cannot be seen, or break a line
)


def format_data_block(name: str, value: JsonValue, nonce: str) -> str:
    """Format a value as JSON between two lines with the nonce.

    JSON keeps every string on one line. Beyond that, brackets of tags and fences, tokens that frame turns, and
    characters that cannot be seen are written as `\\uXXXX`: a reader of JSON sees the same value, a tokenizer no
    special token. Raises ValueError for a number that JSON does not have.
    """
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    return f'<data id="{nonce}" name="{name}">\n{_SPECIAL.sub(_escape_character, text)}\n</data id="{nonce}">'


def truncate(text: str, most: int) -> str:
    """Truncate a text to `most` characters, with a note if something was cut off."""
    return text if len(text) <= most else f"{text[:most]} [{len(text) - most} of {len(text)} characters cut off]"


def _escape_character(match: regex.Match[str]) -> str:
    character: str = match[0]
    return json.dumps(character)[1:-1] if character > "\x7f" else f"\\u{ord(character):04x}"
