"""Cached state of a repository on the Hub at its head, updated with as few requests as possible."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import ValidationError

from submissions.errors import Conflict, NotFound, RateLimited, Unreachable
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.deadlines import has_elapsed
from submissions.storage.hub.change_log import CHANGES, ChangeEntry, ChangeLog
from submissions.storage.hub.hub_client import CommitInfo, HubClient, RevisionGone
from submissions.storage.hub.path_index import PathIndex

_LAG = timedelta(minutes=10)
"""Time during which a commit list with an older head counts as lagging."""
_SINGLES = 20
"""Single reads of files or folders within a folder before all of it is listed."""


class HeadCache:
    """A head with its paths and ids. Every method holds the lock."""

    def __init__(self, wire: HubClient, pace: CommitRateLimit, every: timedelta) -> None:
        self.lock = threading.RLock()
        self.head = ""
        self._client = wire
        self._pace = pace
        self._every = every
        self._refreshed_at: datetime | None = None
        self._seen = pace.clock()
        """When the head was last seen in the Hub's list, or made by us."""
        self._past: set[str] = set()
        """Heads that were: a list of commits that begins with one of them is an old one."""
        self._trees: dict[str, PathIndex] = {}
        """For each folder that was listed, as of the head; "" is the whole."""
        self._singles: dict[str, str | None] = {}
        """Ids of what was read without a list, as of the head; None for what was not there."""
        self._dirs: dict[str, set[str]] = {}
        """What lies directly in folders that were only looked into, as of the head."""
        self._steps: tuple[ChangeEntry, ...] | None = None
        """What .changes.json holds at the head, if that is known."""
        self._times: dict[str, datetime] = {}
        """When the last commits were made, by id."""

    def refresh(self) -> None:
        """Load the newest commits (1 request; 2 for a new head)."""
        with self.lock:
            page, now = self._client.list_commits(), self._pace.clock()
            newest = page[0].oid
            self._seen = min(self._seen, now)  # a clock that was set back must not hide a reset for long
            if newest in self._past and now - self._seen > _LAG:
                self.clear()  # no list lags so long: the branch was reset
            if newest != self.head and newest not in self._past:
                self._advance_head(page)
            if newest == self.head:
                self._seen = now
            self._refreshed_at = now
            self._past |= {made.oid for made in page} - {self.head}
            recent = {oid: time for oid, time in self._times.items() if time > now - timedelta(hours=1)}
            self._times = recent | {made.oid: made.time for made in page}

    def next_commit_at(self) -> datetime:
        """Return the time from which the rate limit allows the next commit."""
        with self.lock:
            return self._pace.next_commit_at(self._times.values())

    def require_head(self, parent: str) -> None:
        """Raise Conflict for a parent that is not the head."""
        with self.lock:
            if self.head != parent and parent not in self._past:
                self.refresh()
            if self.head != parent:
                raise self.make_conflict(parent)

    def make_conflict(self, parent: str) -> Conflict:
        """Build the Conflict error for a stale parent."""
        return Conflict(f"{self._client.repo_id} is no longer at {parent[:12]}: read again, then commit again.")

    def with_prefix(self, prefix: str) -> dict[str, str]:
        """Return ids by path of all files whose paths begin with `prefix`."""
        with self.lock:
            return self._covering_index(prefix.rpartition("/")[0]).with_prefix(prefix)

    def list_dir(self, folder: str) -> set[str]:
        """Return the names of a folder's direct entries."""
        with self.lock:
            self._refresh_if_stale()
            start, top = f"{folder}/" if folder else "", folder.partition("/")[0]
            if folder not in self._dirs and sum(one.startswith(f"{top}/") for one in self._dirs) >= _SINGLES:
                self._covering_index(top)
            if any(not one or start.startswith(f"{one}/") for one in self._trees):
                return {
                    path.removeprefix(start).split("/", 1)[0]
                    for path in self._covering_index(folder).with_prefix(start)
                }
            if folder not in self._dirs:
                try:
                    names = self._client.list_dir(self.head, folder)
                except RevisionGone:
                    self.clear()
                    self.refresh()
                    names = self._client.list_dir(self.head, folder)
                self._dirs[folder] = names
            return set(self._dirs[folder])

    def lookup(self, path: str) -> tuple[str, bool, str | None]:
        """Return the head, whether the path's existence is cached, and its id."""
        with self.lock:
            self._refresh_if_stale()
            top = path.partition("/")[0]
            if path not in self._singles and sum(one.startswith(f"{top}/") for one in self._singles) >= _SINGLES:
                self._covering_index(top)
            for folder, tree in self._trees.items():
                if not folder or path.startswith(f"{folder}/"):
                    return self.head, True, tree.get(path)
            return self.head, path in self._singles, self._singles.get(path)

    def record(self, head: str, path: str, content_id: str | None) -> None:
        """Cache a file's content id at a head; None if the file is missing."""
        with self.lock:
            if self.head == head:
                self._singles[path] = content_id

    def path_kinds(self, paths: Collection[str], parent: str) -> Mapping[str, str | None]:
        """Return `file` or `directory` for existing paths. Raises Conflict for a parent that no longer exists."""
        with self.lock:
            if self.head == parent and (tree := self._trees.get("")):
                return {path: tree.path_kind(path) for path in paths}
        try:
            return self._client.path_kinds(parent, sorted(paths))
        except RevisionGone as error:
            raise self.make_conflict(parent) from error

    def entries_at(self, parent: str) -> tuple[ChangeEntry, ...]:
        """Return the entries of .changes.json at a commit."""
        with self.lock:
            if self.head == parent and self._steps is not None:
                return self._steps
        return self._fetch_entries(parent)

    def apply_own_commit(self, parent: str, oid: str, ids: Mapping[str, str | None], steps: ChangeLog) -> None:
        """Apply a commit of ours."""
        with self.lock:
            self._times[oid] = self._pace.clock()
            if self.head != parent:  # another thread has refreshed since, and seen it
                return
            self._past.add(parent)
            self.head, self._steps = oid, steps.steps
            self._seen = self._times[oid]
            self._apply_changes(ids)

    def clear(self) -> None:
        """Clear the cache after the history was rewritten."""
        with self.lock:
            self.head, self._refreshed_at, self._past, self._steps = "", None, set(), None
            self._trees, self._singles, self._dirs = {}, {}, {}

    def _advance_head(self, page: Sequence[CommitInfo]) -> None:
        """Advance to the newest commit; retain the cache if every commit between lists its changes."""
        oids = [made.oid for made in page]
        between = page[: oids.index(self.head)] if self.head in oids else None
        steps = self._entries_between(between) if between and (self._trees or self._singles or self._dirs) else None
        if self.head:
            self._past.add(self.head)
        self.head, self._steps = oids[0], None
        if steps is None:
            self._trees, self._singles, self._dirs = {}, {}, {}
            return
        for step in steps:
            self._apply_changes(step.ids)

    def _entries_between(self, between: Sequence[CommitInfo]) -> Sequence[ChangeEntry] | None:
        nonces = [made.nonce for made in reversed(between)]
        if None in nonces:
            return None
        known = {step.nonce: step for step in self._fetch_entries(between[0].oid)}
        return [known[nonce] for nonce in nonces if nonce] if known.keys() >= set(nonces) else None

    def _fetch_entries(self, revision: str) -> tuple[ChangeEntry, ...]:
        try:
            return ChangeLog.model_validate_json(self._client.read_file(revision, CHANGES)).steps
        except (NotFound, RevisionGone, ValidationError):
            return ()  # it only saves requests: without it, everything is listed again

    def _apply_changes(self, ids: Mapping[str, str | None]) -> None:
        self._singles |= {path: ids[path] for path in self._singles.keys() & ids.keys()}
        for folder, tree in self._trees.items():
            for path, content_id in ids.items():
                if not folder or path.startswith(f"{folder}/"):
                    tree.put(path, content_id)

        for path, content_id in ids.items():
            self._apply_to_dirs(path, content_id)

    def _apply_to_dirs(self, path: str, content_id: str | None) -> None:
        for folder in [folder for folder in self._dirs if not folder or path.startswith(f"{folder}/")]:
            name, below, _ = path.removeprefix(f"{folder}/" if folder else "").partition("/")
            if content_id is not None:
                self._dirs[folder].add(name)
            elif below:
                del self._dirs[folder]  # only the Hub knows whether anything is left below
            else:
                self._dirs[folder].discard(name)

    def _refresh_if_stale(self) -> None:
        if self._refreshed_at is None or has_elapsed(self._refreshed_at, self._every, self._pace.clock()):
            try:
                self.refresh()
            except (RateLimited, Unreachable):
                if not self.head:
                    raise
                self._refreshed_at = self._pace.clock()  # earlier reads are as new as the last head that was seen

    def _covering_index(self, folder: str) -> PathIndex:
        """Return the path index that covers a folder, at the head."""
        self._refresh_if_stale()
        covering = next((one for one in self._trees if not one or f"{folder}/".startswith(f"{one}/")), None)
        if covering is not None:
            return self._trees[covering]
        try:
            tree = PathIndex(self._client.list_tree(self.head, folder))
        except RevisionGone:
            self.clear()
            self.refresh()
            tree = PathIndex(self._client.list_tree(self.head, folder))
        self._trees[folder] = tree
        return tree
