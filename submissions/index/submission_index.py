"""Submission summaries with their history, a file for each month of ids: the web app's start data.

`board/<yyyy>-<mm>.parquet` in `drafts`, which only the evaluator and the web app read: it names owners. A row's history
counts only while `status` is the content id of the status file, so a row may be behind; a submission itself never
changes. Who is not listed is read from its own files.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

from submissions.arena.arena import Arena
from submissions.arena.ids import parse_id_time
from submissions.errors import CorruptRecord, NotFound
from submissions.records.submission import Submission, SystemType
from submissions.storage.codec import to_json
from submissions.storage.repo import Change, Repo, content_id

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = b"1"
_MONTH = re.compile(r"board/\d{4}-\d{2}\.parquet")


@dataclass(frozen=True, slots=True)
class SubmissionBrief:
    """A submission without its list of files."""

    id: str
    track: str
    system: str
    team: str
    system_type: SystemType
    owner: str
    private: bool
    files: int
    """Number of delivered data sets."""
    rows: int
    """Number of rows in all of them."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """History of a submission at the time of its row."""

    status: str
    """Content id of the status file."""
    history: bytes
    """Content of the status file."""


def make_brief(submission: Submission) -> SubmissionBrief:
    """Summarize a submission."""
    shared = {name: getattr(submission, name) for name in _COLUMNS if name not in ("files", "rows")}
    return SubmissionBrief(**shared, files=len(submission.files), rows=sum(file.rows for file in submission.files))


def submission_index_changes(arena: Arena, ids: Iterable[str]) -> list[Change]:
    """Build the changes in `drafts` for finished submissions: their rows, added or replaced.

    Reads the files of their months only, and rewrites an unreadable one. Raises NotFound, CorruptRecord.
    """
    by_month: dict[str, dict[str, tuple[SubmissionBrief, StatusSnapshot]]] = {}
    for ulid in ids:
        history = to_json(arena.read_history(ulid))
        row = make_brief(arena.read_submission(ulid)), StatusSnapshot(content_id(history), history)
        by_month.setdefault(_month_path(ulid), {})[ulid] = row
    return [
        Change(path, encode_submissions([rows[ulid] for ulid in sorted(rows)]))
        for path, added in sorted(by_month.items())
        if (rows := {row[0].id: row for row in _read_valid(arena.drafts, path)} | added)
    ]


def read_submission_index(drafts: Repo) -> Iterator[tuple[SubmissionBrief, StatusSnapshot]]:
    """Yield every readable row."""
    for path in drafts.list("board/"):
        if _MONTH.fullmatch(path):
            yield from _read_valid(drafts, path)


def encode_submissions(rows: Iterable[tuple[SubmissionBrief, StatusSnapshot]]) -> bytes:
    """Encode rows as a file; the same rows give the same bytes."""
    import pyarrow as pa
    from pyarrow import parquet

    cells = [{name: getattr(brief, name) for name in _COLUMNS} | {"status": past.status, "history": past.history}
             for brief, past in rows]  # fmt: skip
    table = pa.Table.from_pylist(cells, schema=_make_schema())
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def decode_submissions(path: str, content: bytes) -> list[tuple[SubmissionBrief, StatusSnapshot]]:
    """Decode a file's rows; `path` is for the message. Raises CorruptRecord if damaged or of another version."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(pa.BufferReader(content), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise CorruptRecord(f"{path} is not a Parquet file: {error}. Delete it: it will be rewritten.") from error
    if not table.schema.equals(_make_schema(), check_metadata=True):
        raise CorruptRecord(f"{path} was written by another version of the arena. It will be rewritten.")
    return [
        (SubmissionBrief(**{name: row[name] for name in _COLUMNS}), StatusSnapshot(row["status"], row["history"]))
        for row in table.to_pylist()
    ]


def _make_schema() -> pa.Schema:
    import pyarrow as pa

    kinds = {
        "private": pa.bool_(), "files": pa.int32(), "rows": pa.int64(), "created_at": pa.timestamp("us", tz="UTC"),
        "history": pa.binary(),
    }  # fmt: skip
    columns = [pa.field(name, kinds.get(name, pa.string())) for name in (*_COLUMNS, "status", "history")]
    return pa.schema(columns, metadata={"arena_entered": VERSION})


def _read_valid(drafts: Repo, path: str) -> list[tuple[SubmissionBrief, StatusSnapshot]]:
    try:
        return decode_submissions(path, drafts.read(path))
    except (CorruptRecord, NotFound):
        return []


def _month_path(ulid: str) -> str:
    return f"board/{parse_id_time(ulid):%Y-%m}.parquet"


_COLUMNS = tuple(field.name for field in fields(SubmissionBrief))
