"""The arena as it stood at one moment, read once and shared by all requests until a repository moves on."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property, lru_cache, partial, wraps
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from leaderboard.data.details_file import DetailsFile, DetailsOffset, TaskDetails
from leaderboard.data.memory_release import release_memory
from leaderboard.data.record_cache import LazyMapping, LruRecordCache, RecordCache, Unreadable, try_read
from submissions.arena.arena import Arena, protocol_sort_key, result_path
from submissions.arena.format_version import check_format
from submissions.errors import ArenaError
from submissions.index.result_details import extract_details
from submissions.index.result_index import decode_results, find_shard, shard_path
from submissions.index.result_summary import ResultSummary, summarize_result
from submissions.index.submission_index import SubmissionBrief, make_brief, read_submission_index
from submissions.records.base import Record
from submissions.records.ledger import Ledger
from submissions.records.prompt_frame import PromptFrame
from submissions.records.result import Result
from submissions.records.self_reported import SelfReported
from submissions.records.status import History, Status
from submissions.records.submission import Submission
from submissions.records.task import Task
from submissions.storage.codec import parse_record, read_record
from submissions.storage.repo import Repo
from submissions.tracks import TRACKS

log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R", bound=Record)
P = ParamSpec("P")
_BY_PROTOCOL = re.compile(r"(results|previews|costs)/([0-9A-HJKMNP-TV-Z]{26})/([a-z_]+@\d+)\.json")
_STATUS = re.compile(r"status/([0-9A-HJKMNP-TV-Z]{26})\.json")
_LEAF = re.compile(r"board/([a-z_]+)/([0-9A-HJKMNP-TV-Z]{26})\.parquet")
FEW = 8
"""Results that are sooner read from their own files than from a compacted one."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything the pages show. Mappings are keyed by id, oldest first; tasks stand in the benchmark's order.

    What only a page about one submission needs is read when it is asked for.
    """

    key: str
    """Equal keys mean equal content."""
    tasks: Mapping[str, Task]
    briefs: Mapping[str, SubmissionBrief]
    """Every submission in brief: for whatever goes through all of them."""
    submissions: Mapping[str, Submission]
    """Every submission, read when it is asked for."""
    histories: Mapping[str, History]
    now: Mapping[str, Status]
    """Where each submission stands; one whose history cannot be read is left out."""
    published_on: Mapping[str, str]
    """The day (UTC) on which each submission was first published. A lost history leaves it out."""
    results: Mapping[str, Mapping[str, ResultSummary]]
    """By submission, then by protocol; the one to show stands first."""
    previews: Mapping[str, Mapping[str, Result]]
    """What the few-shot stages of running evaluations measured, likewise; read when they are asked for."""
    ledgers: Mapping[str, Mapping[str, Ledger]]
    """What the published evaluations cost, likewise."""
    frames: Mapping[str, PromptFrame]
    """How a row is shown to the model, by protocol."""
    reported: Mapping[str, tuple[SelfReported, ...]]
    """What teams say of their own systems, by track."""
    unreadable: tuple[Unreadable, ...]
    places: Mapping[tuple[str, str], DetailsOffset]
    """Where the details of each result lie, by submission and protocol."""
    shelf: DetailsFile
    read_whole: Callable[[str, str], Result]

    @cached_property
    def published(self) -> list[tuple[str, ResultSummary]]:
        """Every result with its submission's id, oldest submission first."""
        return [(ulid, result) for ulid, found in self.results.items() for result in found.values()]

    def full_result(self, ulid: str, protocol: str) -> Result:
        """A result with every figure of its tasks, for a page about one submission. Raises KeyError."""
        for name, result in self.results.get(ulid, {}).items():
            if protocol in (name, result.protocol):
                return self.read_whole(ulid, name)
        raise KeyError(ulid, protocol)

    def task_details(self, ulid: str, result: ResultSummary, task: str) -> TaskDetails | None:
        """The figures of one task of a result; None where it has no such task."""
        at = result.layout.task_positions.get(task)
        place = self.places[ulid, result.protocol]
        return None if at is None else self.shelf.read_task(place, at, result.layout.methods)

    def missing_reasons(self, ulid: str, result: ResultSummary) -> dict[str, str]:
        """Why numbers of a result are missing, by their place (submissions/index/result_details.py)."""
        return _parse_reasons(self.shelf.read_reasons(self.places[ulid, result.protocol]))


def cached_per_snapshot(compute: Callable[Concatenate[Snapshot, P], T]) -> Callable[Concatenate[Snapshot, P], T]:
    """Remember what was computed from a snapshot for as long as that snapshot is in use."""
    known: WeakKeyDictionary[Snapshot, dict[Hashable, T]] = WeakKeyDictionary()

    @wraps(compute)
    def compute_once(snapshot: Snapshot, /, *args: P.args, **kwargs: P.kwargs) -> T:
        values = known.setdefault(snapshot, {})
        key = (args, tuple(sorted(kwargs.items())))
        if key not in values:
            values[key] = compute(snapshot, *args, **kwargs)
        return values[key]

    return compute_once


class SnapshotReader:
    """Hands out the newest snapshot; reads again only what changed, and only when a head has moved.

    Where asking for a head takes a request, it is asked at most every so many seconds, and behind the visitors' back:
    they are shown what was known before, also while the Hub cannot be reached.
    """

    def __init__(self, arena: Arena, every: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.arena = arena
        self.every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: Snapshot | None = None
        self._looked = 0.0
        self._known = SnapshotBuilder(arena)

    def snapshot(self) -> Snapshot:
        """The arena as it was last seen. Raises Corrupt if a head itself is unreadable; at first also Unreachable."""
        if (latest := self._latest) is None or not self.every:
            return self.refresh()
        if self._clock() - self._looked >= self.every:
            self._looked = self._clock()
            threading.Thread(target=self._refresh_in_background, name="reader", daemon=True).start()
        return latest

    def refresh(self) -> Snapshot:
        """The arena at its present heads. Raises as `snapshot` does."""
        self._looked = self._clock()
        key = f"{self.arena.results.head()[:16]}-{self.arena.submissions.head()[:16]}"
        if (latest := self._latest) and latest.key == key:
            return latest
        with self._lock:
            if self._latest is None or self._latest.key != key:
                # A writer that commits meanwhile moves a head, so the next look reads again.
                self._latest = self._known.build_snapshot(key)
            return self._latest

    def last_briefs(self) -> Mapping[str, SubmissionBrief]:
        """The submissions that were last seen, without a look whether there are more."""
        return self._latest.briefs if self._latest else {}

    def _refresh_in_background(self) -> None:
        try:
            self.refresh()
        except ArenaError as error:
            log.warning("The arena is shown as it was before: %s", error)


@dataclass(frozen=True)
class _Brief:
    """A result as it is remembered."""

    summary: ResultSummary
    place: DetailsOffset


@dataclass(frozen=True)
class _StatusEntry:
    """A status file as it is remembered: ten thousand of them as records would weigh ten times as much."""

    content: bytes
    published_on: str | None
    now: Status


class SnapshotBuilder:
    """What was read of both repositories so far; survives records that cannot be read."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.shelf = DetailsFile()
        self.results: RecordCache[_Brief] = RecordCache()
        self.status_entries: RecordCache[_StatusEntry] = RecordCache()
        self.briefs: RecordCache[SubmissionBrief] = RecordCache()
        self.submission_head = ""
        self.is_new = True
        self.full_results = LruRecordCache(partial(_read_repo_record, arena.results, kind=Result), most=8)
        self.previews = LruRecordCache(partial(_read_repo_record, arena.results, kind=Result), most=8)
        self.ledgers = LruRecordCache(partial(_read_repo_record, arena.results, kind=Ledger), most=32)
        self.submissions: LruRecordCache[Submission] = LruRecordCache(arena.read_submission, most=64)

    def build_snapshot(self, key: str) -> Snapshot:
        """Both repositories as they are now."""
        ids = self.arena.results.ids()
        check_format(self.arena.results)
        if self.is_new:
            self._read_compacted_submissions()
        self._read_results(ids)
        statuses = {found[1]: ids[path] for path in ids if (found := _STATUS.fullmatch(path))}
        self.status_entries.update(statuses, self._read_status_entry)
        self._read_submissions()
        self.is_new = False
        tasks = try_read("tasks.jsonl", self.arena.read_tasks)
        frames = try_read("frames.jsonl", self.arena.read_frames)
        reports = {
            name: try_read(f"self_reported/{name}.json", partial(self.arena.read_self_reported, name))
            for name in TRACKS
        }
        lost = [one for one in (tasks, frames, *reports.values()) if isinstance(one, Unreadable)]
        for remembered in (self.briefs, self.status_entries, self.results):
            lost += remembered.list_unreadable()
        brief = dict(self.briefs.valid_items())
        stories = dict(self.status_entries.valid_items())
        results, places = self._group_results()
        return Snapshot(
            key=key,
            tasks={} if isinstance(tasks, Unreadable) else {task.id: task for task in tasks},
            briefs=brief,
            submissions=LazyMapping(brief, lambda ulid: self.submissions.get(ulid, "")),
            histories=LazyMapping(
                {ulid: None for ulid in brief if ulid in stories or ulid not in statuses},
                partial(self._load_history, stories),
            ),
            now={
                ulid: stories[ulid].now if ulid in stories else self.arena.received_history(ulid).now
                for ulid in brief
                if ulid in stories or ulid not in statuses
            },
            published_on={ulid: story.published_on for ulid, story in stories.items() if story.published_on},
            results=results,
            previews=self._on_demand(ids, "previews", self.previews),
            ledgers=self._on_demand(ids, "costs", self.ledgers),
            frames={} if isinstance(frames, Unreadable) else {frame.protocol: frame for frame in frames},
            reported={name: found for name, found in reports.items() if not isinstance(found, Unreadable)},
            unreadable=tuple(lost),
            places=places,
            shelf=self.shelf,
            read_whole=lambda ulid, protocol: self.full_results.get(path := result_path(ulid, protocol), ids[path]),
        )

    def _read_results(self, ids: Mapping[str, str]) -> None:
        found = {path: _BY_PROTOCOL.fullmatch(path) for path in ids if path.startswith("results/")}
        wanted = {path: ids[path] for path, match in sorted(found.items()) if match}
        self._read_compacted(ids, {path for path, content in wanted.items() if self.results.is_stale(path, content)})
        self.results.update(wanted, self._read_brief, lambda path: path.split("/")[1])

    def _read_compacted(self, ids: Mapping[str, str], missing: set[str]) -> None:
        """Take what is missing from the compacted files that hold many of them."""
        leaves: dict[str, list[str]] = {}
        for path in ids:
            if match := _LEAF.fullmatch(path):
                leaves.setdefault(match[1], []).append(match[2])
        for track, names in leaves.items():
            names.sort()
            held: dict[str, int] = {}
            for path in missing:
                name = find_shard(names, path.split("/")[1])
                held[name] = held.get(name, 0) + 1
            for name in names:
                if held.get(name, 0) > (0 if self.is_new else FEW):
                    self._read_leaf(shard_path(track, name), ids, missing)
        if missing:
            release_memory()

    def _read_leaf(self, leaf: str, ids: Mapping[str, str], missing: set[str]) -> None:
        rows = try_read(leaf, lambda: list(decode_results(leaf, self.arena.results.read(leaf))))
        for row in () if isinstance(rows, Unreadable) else rows:
            path = result_path(row.summary.submission, row.summary.protocol)
            if path in missing and ids[path] == row.content:
                self.results.put(path, row.content, _Brief(row.summary, self.shelf.put(row.details)))

    def _read_brief(self, path: str) -> _Brief:
        result = read_record(self.arena.results, path, Result)
        brief = summarize_result(result)
        return _Brief(brief, self.shelf.put(extract_details(result, brief.layout)))

    def _group_results(self) -> tuple[dict[str, dict[str, ResultSummary]], dict[tuple[str, str], DetailsOffset]]:
        by_submission: dict[str, dict[str, ResultSummary]] = {}
        places = {}
        for path, brief in self.results.valid_items():
            _, ulid, name = path.removesuffix(".json").split("/")
            by_submission.setdefault(ulid, {})[name] = brief.summary
            places[ulid, brief.summary.protocol] = brief.place
        ordered = {
            ulid: {name: by[name] for name in sorted(by, key=protocol_sort_key)} for ulid, by in by_submission.items()
        }
        return ordered, places

    def _read_compacted_submissions(self) -> None:
        for brief, past in read_submission_index(self.arena.drafts):
            self.briefs.put(brief.id, "", brief)
            story = try_read(brief.id, partial(_parse_status_entry, f"status/{brief.id}.json", past.history))
            if not isinstance(story, Unreadable):
                self.status_entries.put(brief.id, past.status, story)

    def _read_submissions(self) -> None:
        head = self.arena.submissions.head()
        if head != self.submission_head:
            # A submission is written once, so one that was read before needs no second look; one that could not be
            # read may have been mended since.
            self.briefs.drop_unreadable()
            self.briefs.update(dict.fromkeys(self.arena.submission_ids(), ""), self._read_submission_brief)
            self.submission_head = head

    def _read_submission_brief(self, ulid: str) -> SubmissionBrief:
        return make_brief(self.arena.read_submission(ulid))

    def _read_status_entry(self, ulid: str) -> _StatusEntry:
        path = f"status/{ulid}.json"
        return _parse_status_entry(path, self.arena.results.read(path))

    def _load_history(self, stories: Mapping[str, _StatusEntry], ulid: str) -> History:
        if ulid not in stories:
            return self.arena.received_history(ulid)
        return History.model_validate_json(stories[ulid].content)

    def _on_demand(self, ids: Mapping[str, str], kind: str, lately: LruRecordCache[T]) -> LazyMapping[dict[str, T]]:
        """Records by submission and protocol; one that cannot be read is left out when it is asked for."""
        paths: dict[str, list[str]] = {}
        for path in sorted(path for path in ids if path.startswith(f"{kind}/")):
            if match := _BY_PROTOCOL.fullmatch(path):
                paths.setdefault(match[2], []).append(match[3])

        def make(ulid: str) -> dict[str, T]:
            found = {}
            for name in sorted(paths[ulid], key=protocol_sort_key):
                path = result_path(ulid, name, kind)
                record = try_read(ulid, partial(lately.get, path, ids[path]))
                if not isinstance(record, Unreadable):
                    found[name] = record
            return found

        return LazyMapping(paths, make)


@lru_cache(maxsize=200)
def _parse_reasons(whys: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(whys) if whys else {}
    return found


def _read_repo_record(repo: Repo, path: str, *, kind: type[R]) -> R:
    return read_record(repo, path, kind)


def _parse_status_entry(path: str, content: bytes) -> _StatusEntry:
    """A status file, and the day on which it first says that the result was published. Raises Corrupt."""
    history = parse_record(path, content, History)
    times = (entry.time for entry in history.entries if entry.state == "published")
    day = next((time.astimezone(UTC).date().isoformat() for time in times), None)
    return _StatusEntry(content, day, history.now)
