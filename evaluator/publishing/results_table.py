"""All public totals as plain tables for analysis: `table/<track>/<yyyy>-<mm>.parquet` in `results`.

One row for each submission, protocol, method, subset and group, with the interval; a file for each month of ids,
so that a new result rewrites a small one. `README.md` names them as the configurations of a data set, one for each
track: `load_dataset("ORG/PREFIX-results", "dataset_research")` reads them.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import yaml
from pyarrow import parquet

from submissions.arena.arena import list_protocols, result_path
from submissions.arena.ids import parse_id_time
from submissions.errors import CorruptRecord, NotFound
from submissions.records.result import Result
from submissions.storage.codec import read_record
from submissions.storage.repo import Change, Repo
from submissions.tracks import TRACKS

SCHEMA = pa.schema(
    [
        ("submission", pa.string()),
        ("submitted", pa.timestamp("ms", tz="UTC")),
        ("track", pa.string()),
        ("system", pa.string()),
        ("system_type", pa.string()),
        ("team", pa.string()),
        ("protocol", pa.string()),
        ("protocol_sha256", pa.string()),
        ("flagged", pa.string()),
        ("method", pa.string()),
        ("subset", pa.string()),
        ("group", pa.string()),
        ("scale", pa.string()),
        ("gain", pa.float64()),
        ("gain_low", pa.float64()),
        ("gain_high", pa.float64()),
        ("median", pa.float64()),
        ("seed_sd", pa.float64()),
        ("tasks", pa.int32()),
        ("why", pa.string()),
    ]
)
"""`gain` is null if `why` has a reason; `tasks` counts the tasks in its mean; `gain_low`, `gain_high` bound 95%."""
README = "README.md"
_FRONT = re.compile(r"---\n(.*?)^---[ \t]*\n(.*)", re.DOTALL | re.MULTILINE)
_TEXT = """
# Results of a DatasetResearch Arena

Each configuration holds the public totals of a track: one row for each submission, protocol, method, subset and group,
with a 95% interval. `results/` holds the same by task, `status/` what happened to each submission.

```python
from datasets import load_dataset

totals = load_dataset("ORG/PREFIX-results", "TRACK", split="totals")
```
"""

log = logging.getLogger(__name__)


def table_changes(results: Repo, made: Sequence[Result], gone: Iterable[tuple[str, str]] = ()) -> list[Change]:
    """Table changes for a commit that adds or replaces results; `gone` are submissions and protocols."""
    lost, tracks = set(gone), set(results.list_dir("table"))
    added: dict[str, list[Result]] = {}
    for result in made:
        added.setdefault(_table_path(result.track, result.submission), []).append(result)
    taken = {_table_path(track, ulid) for track in tracks for ulid, _ in lost}
    changes = [
        change
        for path in sorted(added.keys() | taken)
        for change in _file_changes(results, path, added.get(path, []), lost)
    ]
    return [*changes, *readme_changes(results, {*tracks, *(result.track for result in made)})]


def backfill_tables(results: Repo) -> list[Change]:
    """Return the missing tables and README of an arena, for example one filled by an older version."""
    if tracks := results.list_dir("table"):
        return readme_changes(results, tracks)
    found = list_protocols(results, "results").items()
    return table_changes(
        results, [one for ulid, protocols in found for one in _iter_readable(results, ulid, protocols)]
    )


def readme_changes(results: Repo, tracks: Iterable[str]) -> list[Change]:
    """Change that lists these tracks' tables in README.md; none if they are listed, or the README is not parsable."""
    names = sorted(tracks)
    try:
        text = results.read(README).decode(errors="replace")
    except NotFound:
        example = _TEXT.replace("TRACK", (*names, *TRACKS)[0])
        text = f"---\npretty_name: DatasetResearch Arena, results\n---\n{example}"
    match = _FRONT.fullmatch(text)
    try:
        front = yaml.safe_load(match[1]) if match else {}
    except yaml.YAMLError:
        front = None
    if not isinstance(front, dict):
        log.warning("%s in results has no readable front matter: it lists no tables until that is fixed", README)
        return []
    wanted = [_track_config(track) for track in names]
    if front.get("configs", []) == wanted and README in results.list(README):
        return []
    front = {**front, "configs": wanted}
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    return [Change(README, f"---\n{head}---\n{match[2] if match else text}".encode())]


def _track_config(track: str) -> dict[str, object]:
    files = [{"split": "totals", "path": f"table/{track}/*.parquet"}]
    return {"config_name": track, "data_files": files}


def _file_changes(results: Repo, path: str, made: Sequence[Result], lost: set[tuple[str, str]]) -> Iterator[Change]:
    try:
        old = _decode_table(path, results.read(path)).to_pylist()
    except (CorruptRecord, NotFound) as error:
        log.info("%s Rebuilt from the results.", error)
        old = [row for result in _month_results(results, path) for row in _iter_rows(result)]
    over = lost | {(result.submission, result.protocol) for result in made}
    rows = [row for row in old if (row["submission"], row["protocol"]) not in over]
    rows += [row for result in made for row in _iter_rows(result)]
    rows.sort(key=lambda row: (row["submission"], row["protocol"]))
    if rows:
        yield Change(path, _encode_table(rows))
    elif path in results.list(path):
        yield Change(path, None)


def _month_results(results: Repo, path: str) -> Iterator[Result]:
    """Read the results that belong in a file."""
    track, month = path.split("/")[1:]
    for ulid, protocols in list_protocols(results, "results").items():
        if month == f"{parse_id_time(ulid):%Y-%m}.parquet":
            yield from (one for one in _iter_readable(results, ulid, protocols) if one.track == track)


def _iter_readable(results: Repo, ulid: str, protocols: Iterable[str]) -> Iterator[Result]:
    for protocol in protocols:
        try:
            yield read_record(results, result_path(ulid, protocol), Result)
        except CorruptRecord as error:
            log.error("%s Its totals are skipped.", error)


def _iter_rows(result: Result) -> Iterator[dict[str, object]]:
    shared = {name: getattr(result, name) for name in SCHEMA.names if hasattr(result, name) and name != "tasks"}
    for total in result.totals:
        gain = total.gain
        low, high = gain.interval or (None, None)
        yield {
            **shared,
            "submitted": parse_id_time(result.submission),
            "method": total.method,
            "subset": total.subset,
            "group": total.group,
            "scale": gain.name,
            "gain": gain.value,
            "gain_low": low,
            "gain_high": high,
            "median": total.median,
            "seed_sd": total.seed_sd,
            "tasks": gain.n,
            "why": gain.why,
        }


def _encode_table(rows: Sequence[dict[str, object]]) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, SCHEMA), buffer, compression="zstd")
    return buffer.getvalue()


def _decode_table(path: str, content: bytes) -> pa.Table:
    try:
        table = parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise CorruptRecord(f"{path} is not a Parquet file: {error}.") from error
    if not table.schema.equals(SCHEMA):
        raise CorruptRecord(f"{path} has other columns than this version writes.")
    return table


def _table_path(track: str, ulid: str) -> str:
    return f"table/{track}/{parse_id_time(ulid):%Y-%m}.parquet"
