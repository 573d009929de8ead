"""Version of the stored data: `format.json` in `results`, for the whole arena, and in the benchmark.

Counted up by a change that older code would read wrongly. An arena without the file is of format 1, as version 0.1
wrote it. Code that finds a higher number than its own stops before it reads or writes anything else.
"""

from __future__ import annotations

from contextlib import suppress

from pydantic import Field

from submissions.errors import NewerFormat, NotFound
from submissions.records.base import Record
from submissions.storage.codec import read_record, to_json
from submissions.storage.repo import Change, Repo

FORMAT = 1
PATH = "format.json"


class FormatVersion(Record, extra="ignore"):
    """Content of the file; later versions may add fields."""

    format: int = Field(ge=1)


def check_format(repo: Repo) -> None:
    """Check a repository's format version. Raises NewerFormat if above ours, CorruptRecord for no number.

    On the Hub a repository whose files are listed already costs no request, one that holds the file costs one.
    """
    with suppress(NotFound):
        stored = read_record(repo, PATH, FormatVersion)
        if stored.format > FORMAT:
            raise NewerFormat(stored.format, FORMAT)


def format_change() -> Change:
    """Build the change that writes the format version, for the first writer of a repository."""
    return Change(PATH, to_json(FormatVersion(format=FORMAT)))
