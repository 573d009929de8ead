"""Version of the stored data: `format.json` in `results`, for the whole arena, and in the benchmark.

Counted up by a change that older code would read wrongly, or not at all. An arena without the file is of format 1, as
version 0.1 wrote it; format 2 has groups of reference rows and rough intervals. Code that finds a higher number than
its own stops before it reads or writes anything else.
"""

from __future__ import annotations

from contextlib import suppress

from pydantic import Field

from submissions.errors import NewerFormat, NotFound
from submissions.records.base import Record
from submissions.storage.codec import read_record, to_json
from submissions.storage.repo import Change, Repo

FORMAT = 2
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


def read_format(repo: Repo) -> int:
    """Read a repository's format version; 1 without the file."""
    try:
        return read_record(repo, PATH, FormatVersion).format
    except NotFound:
        return 1


def format_change() -> Change:
    """Build the change that writes the format version, for the first writer of a repository in this format."""
    return Change(PATH, to_json(FormatVersion(format=FORMAT)))
