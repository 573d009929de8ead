"""metadata.jsonl in a delivery: the submitter's data set descriptions, for the judge to compare. Optional.

One line for each task: {"task": "<task id>", "metadata": {…}}, with the fields of Metadata.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from submissions.checking.formats.text import seek_to_text
from submissions.checking.problem_list import ProblemList, quote_text
from submissions.checking.source_file import SourceFile
from submissions.errors import InvalidFile
from submissions.records.submission import Description, DescriptionFile
from submissions.records.task import Metadata

NAME = "metadata.jsonl"
MAX_BYTES = 16 * 2**20
MAX_CHARACTERS = 20_000
"""Limit of characters in one field."""
_FIELDS = ", ".join(Metadata.model_fields)
_LINE_FIX = 'Write one line for each task: {"task": "<task id>", "metadata": {' + _FIELDS + "}}."


def check_descriptions(
    entry: SourceFile, delivered: Collection[str], into: Path, listing: ProblemList
) -> DescriptionFile | None:
    """Check a metadata.jsonl and write its stored form; None (and listed) for errors. Raises InvalidFile.

    `delivered` are the tasks with data: descriptions of others are skipped with a warning.
    """
    with entry.open() as stream:
        if not seek_to_text(stream, listing):
            return None
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InvalidFile(f"The file has more than {MAX_BYTES:,} bytes.", "Describe each data set in a few sentences.")
    found: dict[str, Description] = {}
    for number, line in enumerate(content.splitlines(), 1):  # bytes end lines at LF, CR LF and CR alone
        if line.strip() and (said := _parse_description(line, number, listing)):
            if said.task in found:
                listing.add_error(
                    f"{quote_text(said.task)} is described twice.", "Keep one line for each task.", number
                )
            found[said.task] = said
    if without := [task for task in found if task not in delivered]:
        listing.add_warning(
            f"No data was delivered for {', '.join(quote_text(task) for task in without[:5])}"
            f"{' and others' if len(without) > 5 else ''}: their descriptions are ignored.",
            "Nothing to do, unless a data file was forgotten.",
        )
    if listing.has_errors:
        return None
    kept = [said for task, said in found.items() if task in delivered]
    stored = "".join(said.model_dump_json() + "\n" for said in kept).encode()
    (into / NAME).write_bytes(stored)
    return DescriptionFile(path=NAME, sha256=hashlib.sha256(stored).hexdigest(), bytes=len(stored), tasks=len(kept))


def _parse_description(line: bytes, number: int, listing: ProblemList) -> Description | None:
    """Parse one line to a record; None (and listed) if it is invalid."""
    try:
        value: Any = json.loads(line)
        said = Description.model_validate(value)
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(str(part) for part in fault["loc"]) or "the line"
        listing.add_error(f"{quote_text(field)}: {fault['msg']}.", _LINE_FIX, number)
        return None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be read"
        listing.add_error(f"The line is not JSON: {what}.", _LINE_FIX, number)
        return None
    fields = said.metadata.model_dump(exclude={"example", "samples_count"})
    example = said.metadata.example
    texts = {**fields, **({"example": example.input + example.output} if example else {})}
    for name, text in texts.items():
        if len(text) > MAX_CHARACTERS:
            listing.add_error(
                f"{name} has {len(text):,} characters.", f"Write at most {MAX_CHARACTERS:,} in one field.", number
            )
    return said
