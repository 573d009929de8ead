"""Headers of CSV: the columns that hold the rows, and separators other than the comma."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

from submissions.errors import InvalidFile

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(.)"?[\s,;]*', re.IGNORECASE)


def parse_separator_line(line: str) -> str:
    """Return the separator that a first line `sep=;` names for Excel; empty for another line."""
    match = _SEPARATOR_LINE.fullmatch(line)
    return match[1] if match else ""


def split_header(header: str, separators: Iterable[str]) -> tuple[str, list[str]]:
    """Return the first separator under which the header names both columns once, and its names. Raises InvalidFile."""
    for separator in separators:
        try:
            names = next(csv.reader([header], delimiter=separator, strict=True), [])
        except csv.Error:
            continue
        plain = [name.strip().casefold() for name in names]
        has_input = plain.count("input") == 1 or (plain.count("input") == 0 and plain.count("instruction") == 1)
        if has_input and plain.count("output") == 1 and len(set(names)) == len(names):
            return separator, names
    raise InvalidFile("The header does not name input and output.", "Fix it by hand.")
