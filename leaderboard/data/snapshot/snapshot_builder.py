"""Builds snapshots from both repositories, reading again only what changed since the last one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import TypeVar

from leaderboard.data.snapshot.details_file import DetailsFile, DetailsOffset
from leaderboard.data.snapshot.memory_release import release_memory
from leaderboard.data.snapshot.record_cache import LazyMapping, RecordCache, Unreadable, try_read
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.lru_cache import LruCache
from submissions.arena.arena import Arena, protocol_sort_key, result_path
from submissions.index.result_details import extract_details
from submissions.index.result_index import IndexedResult, decode_results, find_shard, shard_path
from submissions.index.result_summary import ResultSummary, summarize_result
from submissions.index.submission_index import SubmissionBrief, make_brief, read_submission_index
from submissions.records.base import Record
from submissions.records.ledger import Ledger
from submissions.records.result import Result
from submissions.records.self_reported import SelfReported
from submissions.records.status import History, Status
from submissions.records.submission import Submission
from submissions.storage.codec import parse_record, read_record
from submissions.storage.format_version import check_format
from submissions.tracks import TRACKS
from submissions.tracks.published_protocol import PROTOCOL_NAME

T = TypeVar("T")
R = TypeVar("R", bound=Record)
_BY_PROTOCOL = re.compile(rf"(results|previews|costs)/([0-9A-HJKMNP-TV-Z]{{26}})/({PROTOCOL_NAME})\.json")
_STATUS = re.compile(r"status/([0-9A-HJKMNP-TV-Z]{26})\.json")
_SHARD = re.compile(r"board/([a-z][a-z0-9_]*)/([0-9A-HJKMNP-TV-Z]{26})\.parquet")
_FileCache = LruCache[tuple[str, str], R]
"""Records by path and content id."""
MIN_COMPACTED = 8
"""Missing results of a compacted file up to which their own files are read instead."""


@dataclass(frozen=True)
class _CachedResult:
    """A result as it is cached."""

    summary: ResultSummary
    place: DetailsOffset


@dataclass(frozen=True)
class _StatusEntry:
    """A cached status file as bytes; ten thousand of them as records would take ten times the memory."""

    content: bytes
    published_on: str | None
    now: Status


@dataclass(frozen=True)
class _OnDemandRecords:
    """Reads single records of one snapshot when a page asks for them."""

    arena: Arena
    ids: Mapping[str, str]
    """Content id of each file in the results repository."""
    status_entries: Mapping[str, _StatusEntry]
    """By submission; those that could be read."""
    order: Callable[[str], tuple[int, str]]
    """Sort key of protocols."""
    full_results: _FileCache[Result]
    preview_results: _FileCache[Result]
    ledger_records: _FileCache[Ledger]
    submission_records: LruCache[str, Submission]

    def submission(self, ulid: str) -> Submission:
        record = self.submission_records.get(ulid)
        if record is None:
            record = self.arena.read_submission(ulid)
            self.submission_records.put(ulid, record)
        return record

    def history(self, ulid: str) -> History:
        """A submission's history; of one that no evaluator has seen it is made from its id."""
        if ulid not in self.status_entries:
            return self.arena.received_history(ulid)
        return History.model_validate_json(self.status_entries[ulid].content)

    def status(self, ulid: str) -> Status:
        entry = self.status_entries.get(ulid)
        return entry.now if entry else self.arena.received_history(ulid).now

    def result(self, ulid: str, name: str) -> Result:
        return self._record(result_path(ulid, name), Result, self.full_results)

    def previews(self) -> LazyMapping[dict[str, Result]]:
        return self._by_protocol("previews", Result, self.preview_results)

    def ledgers(self) -> LazyMapping[dict[str, Ledger]]:
        return self._by_protocol("costs", Ledger, self.ledger_records)

    def _by_protocol(
        self, folder: str, kind: type[R], cache: LruCache[tuple[str, str], R]
    ) -> LazyMapping[dict[str, R]]:
        """Records by submission and protocol; one that cannot be read is left out."""
        names: dict[str, list[str]] = {}
        for path in sorted(path for path in self.ids if path.startswith(f"{folder}/")):
            if match := _BY_PROTOCOL.fullmatch(path):
                names.setdefault(match[2], []).append(match[3])
        for protocols in names.values():
            protocols.sort(key=self.order)

        def read_all(ulid: str) -> dict[str, R]:
            records = {
                name: try_read(ulid, partial(self._record, result_path(ulid, name, folder), kind, cache))
                for name in names[ulid]
            }
            return {name: record for name, record in records.items() if not isinstance(record, Unreadable)}

        return LazyMapping(names, read_all)

    def _record(self, path: str, kind: type[R], cache: _FileCache[R]) -> R:
        """A record of the results repository. Raises NotFound, Corrupt."""
        key = path, self.ids[path]
        record = cache.get(key)
        if record is None:
            record = read_record(self.arena.results, path, kind)
            cache.put(key, record)
        return record


class SnapshotBuilder:
    """Caches of both repositories' files, from which snapshots are built; tolerates unreadable records."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.details_file = DetailsFile()
        self.results: RecordCache[_CachedResult] = RecordCache()
        self.status_entries: RecordCache[_StatusEntry] = RecordCache()
        self.briefs: RecordCache[SubmissionBrief] = RecordCache()
        self.submission_head = ""
        self.is_new = True
        self._full_results: _FileCache[Result] = LruCache(8)
        self._preview_results: _FileCache[Result] = LruCache(8)
        self._ledger_records: _FileCache[Ledger] = LruCache(32)
        self._submission_records: LruCache[str, Submission] = LruCache(64)

    def build(self, key: str) -> Snapshot:
        """Read both repositories as they are now."""
        ids = self.arena.results.ids()
        check_format(self.arena.results)
        if self.is_new:
            self._read_compacted_submissions()
        self._read_results(ids)
        statuses = {match[1]: ids[path] for path in ids if (match := _STATUS.fullmatch(path))}
        self.status_entries.update(statuses, self._read_status_entry)
        self._read_submissions()
        self.is_new = False
        return self._assemble(key, ids, statuses)

    def _assemble(self, key: str, ids: Mapping[str, str], statuses: Mapping[str, str]) -> Snapshot:
        lost: list[Unreadable] = []
        tasks = self._read_or_note("tasks.jsonl", self.arena.read_tasks, lost) or ()
        frames = self._read_or_note("frames.jsonl", self.arena.read_frames, lost) or ()
        protocols = self._read_or_note("protocols.jsonl", self.arena.read_protocols, lost) or ()
        reports = self._read_reports(lost)
        for cache in (self.briefs, self.status_entries, self.results):
            lost += cache.list_unreadable()
        briefs = dict(self.briefs.valid_items())
        entries = dict(self.status_entries.valid_items())
        order = partial(protocol_sort_key, published={facts.name: facts.order for facts in protocols})
        records = _OnDemandRecords(
            self.arena, ids, entries, order,
            self._full_results, self._preview_results, self._ledger_records, self._submission_records,
        )  # fmt: skip
        with_history = [ulid for ulid in briefs if ulid in entries or ulid not in statuses]
        results, places = self._group_results(order)
        return Snapshot(
            key=key,
            tasks={task.id: task for task in tasks},
            briefs=briefs,
            submissions=LazyMapping(briefs, records.submission),
            histories=LazyMapping(dict.fromkeys(with_history), records.history),
            now={ulid: records.status(ulid) for ulid in with_history},
            published_on={ulid: entry.published_on for ulid, entry in entries.items() if entry.published_on},
            results=results,
            previews=records.previews(),
            ledgers=records.ledgers(),
            frames={frame.protocol: frame for frame in frames},
            protocols={facts.name: facts for facts in protocols},
            reported=reports,
            unreadable=tuple(lost),
            places=places,
            shelf=self.details_file,
            read_whole=records.result,
        )

    @staticmethod
    def _read_or_note(record: str, read: Callable[[], T], lost: list[Unreadable]) -> T | None:
        """Read a record; note it among the lost ones if it cannot be read."""
        content = try_read(record, read)
        if isinstance(content, Unreadable):
            lost.append(content)
            return None
        return content

    def _read_reports(self, lost: list[Unreadable]) -> dict[str, tuple[SelfReported, ...]]:
        reports = {}
        for track in TRACKS:
            read = self._read_or_note(
                f"self_reported/{track}.json", partial(self.arena.read_self_reported, track), lost
            )
            if read is not None:
                reports[track] = read
        return reports

    def _read_results(self, ids: Mapping[str, str]) -> None:
        matches = {path: _BY_PROTOCOL.fullmatch(path) for path in ids if path.startswith("results/")}
        wanted = {path: ids[path] for path, match in sorted(matches.items()) if match}
        self._read_compacted(ids, {path for path, content in wanted.items() if self.results.is_stale(path, content)})
        self.results.update(wanted, self._read_result, lambda path: path.split("/")[1])

    def _read_compacted(self, ids: Mapping[str, str], missing: set[str]) -> None:
        """Read missing results from the compacted files that contain many of them."""
        shards: dict[str, list[str]] = {}
        for path in ids:
            if match := _SHARD.fullmatch(path):
                shards.setdefault(match[1], []).append(match[2])
        for track, names in shards.items():
            names.sort()
            counts: dict[str, int] = {}
            for path in missing:
                name = find_shard(names, path.split("/")[1])
                counts[name] = counts.get(name, 0) + 1
            for name in names:
                if counts.get(name, 0) > (0 if self.is_new else MIN_COMPACTED):
                    self._read_shard(shard_path(track, name), ids, missing)
        if missing:
            release_memory()

    def _read_shard(self, shard: str, ids: Mapping[str, str], missing: set[str]) -> None:
        rows = try_read(shard, partial(self._decode_shard, shard))
        for row in () if isinstance(rows, Unreadable) else rows:
            path = result_path(row.summary.submission, row.summary.protocol)
            if path in missing and ids[path] == row.content:
                self.results.put(path, row.content, _CachedResult(row.summary, self.details_file.put(row.details)))

    def _decode_shard(self, shard: str) -> list[IndexedResult]:
        return list(decode_results(shard, self.arena.results.read(shard)))

    def _read_result(self, path: str) -> _CachedResult:
        result = read_record(self.arena.results, path, Result)
        summary = summarize_result(result)
        return _CachedResult(summary, self.details_file.put(extract_details(result, summary.layout)))

    def _group_results(
        self, order: Callable[[str], tuple[int, str]]
    ) -> tuple[dict[str, dict[str, ResultSummary]], dict[tuple[str, str], DetailsOffset]]:
        """Results by submission and protocol, and the position of each one's details."""
        by_submission: dict[str, dict[str, ResultSummary]] = {}
        places = {}
        for path, cached in self.results.valid_items():
            _, ulid, name = path.removesuffix(".json").split("/")
            by_submission.setdefault(ulid, {})[name] = cached.summary
            places[ulid, cached.summary.protocol] = cached.place
        ordered = {ulid: {name: by[name] for name in sorted(by, key=order)} for ulid, by in by_submission.items()}
        return ordered, places

    def _read_compacted_submissions(self) -> None:
        for brief, past in read_submission_index(self.arena.drafts):
            self.briefs.put(brief.id, "", brief)
            entry = try_read(brief.id, partial(_parse_status_entry, f"status/{brief.id}.json", past.history))
            if not isinstance(entry, Unreadable):
                self.status_entries.put(brief.id, past.status, entry)

    def _read_submissions(self) -> None:
        head = self.arena.submissions.head()
        if head != self.submission_head:
            # A submission is written once, so one that was read before needs no second look; one that could not be
            # read may have been repaired since.
            self.briefs.drop_unreadable()
            self.briefs.update(dict.fromkeys(self.arena.submission_ids(), ""), self._read_submission_brief)
            self.submission_head = head

    def _read_submission_brief(self, ulid: str) -> SubmissionBrief:
        return make_brief(self.arena.read_submission(ulid))

    def _read_status_entry(self, ulid: str) -> _StatusEntry:
        path = f"status/{ulid}.json"
        return _parse_status_entry(path, self.arena.results.read(path))


def _parse_status_entry(path: str, content: bytes) -> _StatusEntry:
    """Parse a status file and its first publication day. Raises CorruptRecord."""
    history = parse_record(path, content, History)
    times = (entry.time for entry in history.entries if entry.state == "published")
    day = next((time.astimezone(UTC).date().isoformat() for time in times), None)
    return _StatusEntry(content, day, history.now)
