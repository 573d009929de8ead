"""All results of a track in a few files, so that a web app need not read ten thousand at its start.

`board/<track>/<first id>.parquet` in `results`: one row for each submission and protocol, sorted, up to
MAX_ROWS_PER_FILE of them; a file holds the ids from its own name up to the next file's. A new result changes one file,
and one that is published in the order of ids never splits an older one. A row counts only while `content` is the
content id of the result file that it was made from (`Repo.ids`): a changed result with an unchanged row makes the
start slower, and nothing wrong.

Scores and gains are ordered task by task, in each task method by method, in the order of `tasks` and `methods`. NaN is
a missing number; an infinite gain is a method that the task does not have.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from submissions.errors import CorruptRecord, NotFound
from submissions.index.result_details import BY_METHOD, BY_TASK, ResultDetails, extract_details, name_columns
from submissions.index.result_summary import Floats, ResultSummary, intern_layout, summarize_result
from submissions.records.result import Result
from submissions.storage.codec import to_json
from submissions.storage.repo import Change, Repo, content_id

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = b"1"
MAX_ROWS_PER_FILE = 128
FIRST = "0" * 26
MEANS = ("total", "total_low", "total_high", "total_median", "total_seed_sd")
_TEXTS = (
    "submission", "protocol", "content", "track", "system", "team", "system_type", "protocol_sha256", "flagged",
    "scale", "judged", "total_whys", "whys",
)  # fmt: skip
_NAMES = ("tasks", "methods", "total_method", "total_subset", "total_group")
_FLAGS = ("scored", "above")
_COUNTS = ("total_n", "rows", "base_n", "reference_n", "removed", "n")


@dataclass(frozen=True, eq=False)
class IndexedResult:
    """One row of the index."""

    content: str
    """Content id of the result file."""
    summary: ResultSummary
    details: ResultDetails


def index_row(result: Result) -> IndexedResult:
    """Build the row of a result."""
    brief = summarize_result(result)
    return IndexedResult(content_id(to_json(result)), brief, extract_details(result, brief.layout))


def result_index_changes(results: Repo, made: Sequence[Result], gone: Iterable[tuple[str, str]] = ()) -> list[Change]:
    """Build the index changes for added or replaced results; `gone` are the removed ones.

    Reads only the files that these results belong in, and rewrites an unreadable one.
    """
    gone = set(gone)
    tracks = dict.fromkeys(result.track for result in made)
    # The track of a removed result is unknown, so all tracks are searched.
    tracks |= dict.fromkeys(results.list_dir("board") if gone else ())
    return [change for track in tracks for change in _track_changes(results, track, made, gone)]


def _track_changes(results: Repo, track: str, made: Sequence[Result], gone: set[tuple[str, str]]) -> Iterator[Change]:
    files = shard_names(results, track)
    added: dict[str, list[IndexedResult]] = {}
    lost: dict[str, set[tuple[str, str]]] = {}
    for result in made:
        if result.track == track:
            added.setdefault(find_shard(files, result.submission), []).append(index_row(result))
    for ulid, protocol in gone:
        lost.setdefault(find_shard(files, ulid), set()).add((ulid, protocol))
    for first in sorted(added.keys() | lost.keys()):
        path = shard_path(track, first)
        rows = {_row_key(row): row for row in (_read_valid(results, path) if first in files else ())}
        rows = {key: row for key, row in rows.items() if key not in lost.get(first, ())}
        rows |= {_row_key(row): row for row in added.get(first, ())}
        parts = dict(
            _split_rows(first, [rows[key] for key in sorted(rows)], is_append_only(rows, added.get(first, [])))
        )
        yield from (Change(shard_path(track, name), encode_results(part)) for name, part in parts.items())
        if not rows and first in files:
            yield Change(path, None)


def shard_names(results: Repo, track: str) -> list[str]:
    """List the names of a track's files: each the id from which on it holds results."""
    return [name.removesuffix(".parquet") for name in results.list_dir(f"board/{track}") if name.endswith(".parquet")]


def find_shard(files: Sequence[str], ulid: str) -> str:
    """Return the file that a submission belongs in, from sorted file names."""
    return max((name for name in files if name <= ulid), default=FIRST)


def shard_path(track: str, first: str) -> str:
    """Return the path of a file."""
    return f"board/{track}/{first}.parquet"


def is_append_only(rows: Iterable[tuple[str, str]], added: Iterable[IndexedResult]) -> bool:
    """Return whether all added rows sort after the others, so that the full files before stay as they are."""
    fresh = {_row_key(row) for row in added}
    older = [key for key in rows if key not in fresh]
    return not older or not fresh or max(older) < min(fresh)


def _split_rows(first: str, rows: list[IndexedResult], at_its_end: bool) -> Iterator[tuple[str, list[IndexedResult]]]:
    """Split rows into files of at most MAX_ROWS_PER_FILE; rows inserted in between leave room on both sides."""
    size = MAX_ROWS_PER_FILE if at_its_end or len(rows) <= MAX_ROWS_PER_FILE else MAX_ROWS_PER_FILE // 2
    start = 0
    while start < len(rows):
        end = start + size
        # All protocols of a submission are grouped, as a file is named by its id only.
        while start < end < len(rows) and rows[end].summary.submission == rows[end - 1].summary.submission:
            end -= 1
        end = end if end > start else start + size
        yield (first if not start else rows[start].summary.submission), rows[start:end]
        start = end


def _read_valid(results: Repo, path: str) -> list[IndexedResult]:
    try:
        return list(decode_results(path, results.read(path)))
    except (CorruptRecord, NotFound):
        return []


def _row_key(row: IndexedResult) -> tuple[str, str]:
    return row.summary.submission, row.summary.protocol


def encode_results(rows: Sequence[IndexedResult]) -> bytes:
    """Encode rows as a file; the same rows give the same bytes."""
    import pyarrow as pa
    from pyarrow import parquet

    cells = [_row_to_cells(row) for row in rows]
    schema = _make_schema()
    table = pa.table([pa.array([row[field.name] for row in cells], field.type) for field in schema], schema=schema)
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="zstd", store_schema=True)
    return buffer.getvalue()


def decode_results(path: str, content: bytes) -> Iterator[IndexedResult]:
    """Decode a file's rows; `path` is for the message. Raises CorruptRecord for a damaged or other version's file."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table, names = parquet.read_table(pa.BufferReader(content)), _make_schema().names
        if (table.schema.metadata or {}).get(b"arena_board") != VERSION or set(table.column_names) != set(names):
            raise CorruptRecord(
                f"{path} was written by another version of the arena. The next publication rewrites it."
            )
        columns = {name: _read_column(table.column(name), name) for name in names}
    except (pa.ArrowException, OSError) as error:
        raise CorruptRecord(
            f"{path} is not a Parquet file: {error}. Delete it: the next publication rewrites it."
        ) from error
    for place in range(table.num_rows):
        yield _cells_to_row({name: column[place] for name, column in columns.items()})


@cache
def _make_schema() -> pa.Schema:
    """Build a file's columns, in order: texts, lists of names, flags, counts and other numbers."""
    import pyarrow as pa

    numbers = tuple(name for name in (*MEANS, "gain", *BY_TASK, *BY_METHOD) if name not in _COUNTS)
    kinds = (
        (_TEXTS, pa.string()),
        (_NAMES, pa.list_(pa.string())),
        (_FLAGS, pa.list_(pa.int8())),
        (_COUNTS, pa.list_(pa.int32())),
        (numbers, pa.list_(pa.float64())),
    )
    fields = [pa.field(name, kind) for names, kind in kinds for name in names]
    return pa.schema(fields, metadata={b"arena_board": VERSION})


def _row_to_cells(row: IndexedResult) -> dict[str, Any]:
    """Convert a row to its columns' values; lists are flat."""
    brief, layout = row.summary, row.summary.layout
    details = name_columns(row.details.numbers, len(layout.methods))
    cells: dict[str, Any] = {
        "submission": brief.submission, "protocol": brief.protocol, "content": row.content, "track": brief.track,
        "system": brief.system, "team": brief.team, "system_type": brief.system_type,
        "protocol_sha256": brief.protocol_sha256, "flagged": brief.flagged, "scale": brief.scale,
        "judged": brief.judged, "total_whys": brief.missing_reasons, "whys": row.details.missing_reasons,
        "tasks": list(layout.tasks), "methods": list(layout.methods),
        "total_method": [method for method, _, _ in layout.totals],
        "total_subset": [subset for _, subset, _ in layout.totals],
        "total_group": [group for _, _, group in layout.totals],
        "scored": brief.scored.astype(np.int8), "above": brief.clearly_positive, "total_n": brief.counts,
        "rows": brief.rows, "gain": brief.gains.ravel(),
    }  # fmt: skip
    cells |= dict(zip(MEANS, brief.means.T, strict=True))
    cells |= {name: details[name] for name in BY_TASK}
    cells |= {name: details["methods"][name].ravel() for name in BY_METHOD}
    # -1 stands for a method that the task lacks: an integer column has no missing value.
    return cells | {name: np.nan_to_num(cells[name], nan=-1).astype(np.int32) for name in _COUNTS}


def _read_column(column: pa.ChunkedArray, name: str) -> Sequence[Any]:
    """Read a column's values by row: texts, tuples of names, or arrays."""
    import pyarrow as pa

    array = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if name in _TEXTS:
        return cast(Sequence[Any], array.to_pylist())
    ends = array.offsets.to_numpy()
    flat: Any = array.values
    if name in _NAMES:
        texts = flat.to_pylist()
        return [tuple(texts[start:end]) for start, end in pairwise(ends)]
    numbers = flat.to_numpy(zero_copy_only=False)
    return [numbers[start:end] for start, end in pairwise(ends)]


def _cells_to_row(cells: dict[str, Any]) -> IndexedResult:
    totals = tuple(zip(cells["total_method"], cells["total_subset"], cells["total_group"], strict=True))
    layout = intern_layout(cells["tasks"], cells["methods"], totals)
    tasks = len(layout.tasks)
    brief = ResultSummary(
        submission=cells["submission"],
        track=cells["track"],
        system=cells["system"],
        team=cells["team"],
        system_type=cells["system_type"],
        protocol=cells["protocol"],
        protocol_sha256=cells["protocol_sha256"],
        flagged=cells["flagged"],
        scale=cells["scale"],
        judged=cells["judged"],
        layout=layout,
        means=np.column_stack([cells[name] for name in MEANS]),
        counts=cells["total_n"],
        missing_reasons=cells["total_whys"],
        gains=cells["gain"].reshape(tasks, -1) if tasks else cells["gain"].reshape(0, len(layout.methods)),
        scored=cells["scored"].astype(np.bool_),
        rows=cells["rows"],
        clearly_positive=cells["above"],
    )
    return IndexedResult(
        cells["content"], brief, ResultDetails(_cells_to_numbers(cells, tasks, len(layout.methods)), cells["whys"])
    )


def _cells_to_numbers(cells: dict[str, Any], tasks: int, methods: int) -> Floats:
    numbers: Floats = np.empty((tasks, len(BY_TASK) + methods * len(BY_METHOD)))
    named = name_columns(numbers, methods)
    for name in BY_TASK:
        named[name] = cells[name]
    for name in BY_METHOD:
        named["methods"][name] = cells[name].reshape(tasks, methods)
    named["methods"]["n"][named["methods"]["n"] < 0] = np.nan
    return numbers
