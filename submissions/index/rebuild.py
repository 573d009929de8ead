"""Rebuilds missing compacted files of an arena: one that is older than they are, or with damaged files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from submissions.arena.arena import Arena
from submissions.errors import Conflict, CorruptRecord
from submissions.index.result_index import (
    MAX_ROWS_PER_FILE,
    decode_results,
    result_index_changes,
    shard_names,
    shard_path,
)
from submissions.index.submission_index import read_submission_index, submission_index_changes
from submissions.records.result import Result
from submissions.storage.codec import parse_record
from submissions.storage.repo import Change, Repo
from submissions.tracks import TRACKS


def rebuild_index(arena: Arena, tries: int = 20) -> tuple[int, int]:
    """Write missing or stale rows of results and past submissions; return the number of each.

    A file's worth at a time, so an interrupted run continues after its last commit. Other writers' commits lose
    nothing. Raises NotFound, CorruptRecord for a record that cannot be read, and Conflict if others commit all the
    time.
    """
    return _index_results(arena.results, tries), _index_submissions(arena, tries)


def _index_results(results: Repo, tries: int) -> int:
    missing = _find_unindexed_results(results)
    for batch in _split_batches(missing):
        for left in reversed(range(tries)):
            head = results.head()
            made = [parse_record(path, results.read(path), Result) for path in batch]
            if _try_commit(results, result_index_changes(results, made), head, is_last=not left):
                break
    return len(missing)


def _find_unindexed_results(results: Repo) -> list[str]:
    files = [shard_path(track, name) for track in TRACKS for name in shard_names(results, track)]
    held = {(f"results/{row[0]}/{row[1]}.json", row[2]) for path in files for row in _read_row_keys(results, path)}
    return [path for path, content in results.ids("results/").items() if (path, content) not in held]


def _read_row_keys(results: Repo, path: str) -> list[tuple[str, str, str]]:
    """Return submission, protocol and content of a file's rows; none for a damaged file, which is rewritten."""
    try:
        rows = decode_results(path, results.read(path))
        return [(row.summary.submission, row.summary.protocol, row.content) for row in rows]
    except CorruptRecord:
        return []


def _index_submissions(arena: Arena, tries: int) -> int:
    held = {(f"status/{brief.id}.json", past.status) for brief, past in read_submission_index(arena.drafts)}
    known = set(arena.submission_ids())
    names = [path for path, content in arena.results.ids("status/").items() if (path, content) not in held]
    missing = [ulid for path in names if (ulid := path.removeprefix("status/").removesuffix(".json")) in known]
    for batch in _split_batches(missing):
        for left in reversed(range(tries)):
            head = arena.drafts.head()
            if _try_commit(arena.drafts, submission_index_changes(arena, batch), head, is_last=not left):
                break
    return len(missing)


def _try_commit(repo: Repo, changes: list[Change], head: str, *, is_last: bool) -> bool:
    """Commit changes based on a head; return whether it succeeded. Raises Conflict on the last try."""
    try:
        repo.commit(changes, head)
    except Conflict:
        if is_last:
            raise
        return False
    return True


def _split_batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + MAX_ROWS_PER_FILE] for start in range(0, len(names), MAX_ROWS_PER_FILE))
