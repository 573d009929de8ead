"""What is known of a repository on the Hub as of its head, kept up to date with as few requests as it takes."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import ValidationError

from submissions.errors import Conflict, NotFound, RateLimited, Unreachable
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.hub.change_log import CHANGES, ChangeEntry, ChangeLog
from submissions.storage.hub.hub_client import CommitInfo, HubClient, RevisionGone
from submissions.storage.hub.path_index import PathIndex

_LAG = timedelta(minutes=10)
"""How long a list of commits that shows an older head counts as lagging behind."""
_SINGLES = 20
"""Files of a folder that are read, or folders that are looked into, one by one, before all of it is listed."""


class HeadCache:
    """A head with the paths and ids at it. Everything here holds the lock."""

    def __init__(self, wire: HubClient, pace: CommitRateLimit, every: timedelta) -> None:
        self.lock = threading.RLock()
        self.head = ""
        self._wire = wire
        self._pace = pace
        self._every = every
        self._looked: datetime | None = None
        self._seen = pace.clock()
        """When the head was last seen in the Hub's list, or made by us."""
        self._past: set[str] = set()
        """Heads that were: a list of commits that begins with one of them is an old one."""
        self._trees: dict[str, PathIndex] = {}
        """For each folder that was listed, as of the head; "" is the whole."""
        self._singles: dict[str, str | None] = {}
        """Ids of what was read without a list, as of the head; None for what was not there."""
        self._insides: dict[str, set[str]] = {}
        """What lies directly in folders that were only looked into, as of the head."""
        self._steps: tuple[ChangeEntry, ...] | None = None
        """What .changes.json holds at the head, if that is known."""
        self._times: dict[str, datetime] = {}
        """When the last commits were made, by id."""

    def look(self) -> None:
        """Take in the newest commits (1 request; 2 for a new head)."""
        with self.lock:
            page, now = self._wire.commits(), self._pace.clock()
            newest = page[0].oid
            if newest in self._past and now - self._seen > _LAG:
                self.forget()  # no list lags so long: somebody took the branch back
            if newest != self.head and newest not in self._past:
                self._follow(page)
            if newest == self.head:
                self._seen = now
            self._looked = now
            self._past |= {made.oid for made in page} - {self.head}
            recent = {oid: time for oid, time in self._times.items() if time > now - timedelta(hours=1)}
            self._times = recent | {made.oid: made.time for made in page}

    def due(self) -> datetime:
        """When the pace allows the next commit."""
        with self.lock:
            return self._pace.due(self._times.values())

    def expect(self, parent: str) -> None:
        """Raises Conflict for a parent that is not the head."""
        with self.lock:
            if self.head != parent and parent not in self._past:
                self.look()
            if self.head != parent:
                raise self.conflict(parent)

    def conflict(self, parent: str) -> Conflict:
        """What is said of a commit on an old head."""
        return Conflict(f"{self._wire.repo_id} is no longer at {parent[:12]}: read again, then commit again.")

    def below(self, prefix: str) -> dict[str, str]:
        """Ids by path of all files whose paths begin with `prefix`."""
        with self.lock:
            return self._tree(prefix.rpartition("/")[0]).below(prefix)

    def inside(self, folder: str) -> set[str]:
        """The names of what lies directly in a folder."""
        with self.lock:
            self._fresh()
            start, top = f"{folder}/" if folder else "", folder.partition("/")[0]
            if folder not in self._insides and sum(one.startswith(f"{top}/") for one in self._insides) >= _SINGLES:
                self._tree(top)
            if any(not one or start.startswith(f"{one}/") for one in self._trees):
                return {path.removeprefix(start).split("/", 1)[0] for path in self._tree(folder).below(start)}
            if folder not in self._insides:
                try:
                    names = self._wire.inside(self.head, folder)
                except RevisionGone:
                    self.forget()
                    self.look()
                    names = self._wire.inside(self.head, folder)
                self._insides[folder] = names
            return set(self._insides[folder])

    def known(self, path: str) -> tuple[str, bool, str | None]:
        """The head, whether it is known if the path is there, and its id."""
        with self.lock:
            self._fresh()
            top = path.partition("/")[0]
            if path not in self._singles and sum(one.startswith(f"{top}/") for one in self._singles) >= _SINGLES:
                self._tree(top)
            for folder, tree in self._trees.items():
                if not folder or path.startswith(f"{folder}/"):
                    return self.head, True, tree.get(path)
            return self.head, path in self._singles, self._singles.get(path)

    def note(self, head: str, path: str, content_id: str | None) -> None:
        """Remember what a file was found to be at a head; None if it is not there."""
        with self.lock:
            if self.head == head:
                self._singles[path] = content_id

    def kinds(self, paths: Collection[str], parent: str) -> Mapping[str, str | None]:
        """`file` or `directory` for those of the paths that are there. Raises Conflict for a parent that is gone."""
        with self.lock:
            if self.head == parent and (tree := self._trees.get("")):
                return {path: tree.kind(path) for path in paths}
        try:
            return self._wire.kinds(parent, sorted(paths))
        except RevisionGone as error:
            raise self.conflict(parent) from error

    def steps_at(self, parent: str) -> tuple[ChangeEntry, ...]:
        """What .changes.json holds at a commit."""
        with self.lock:
            if self.head == parent and self._steps is not None:
                return self._steps
        return self._fetched_steps(parent)

    def landed(self, parent: str, oid: str, ids: Mapping[str, str | None], steps: ChangeLog) -> None:
        """Take in a commit of ours."""
        with self.lock:
            self._times[oid] = self._pace.clock()
            if self.head != parent:  # another thread has looked since, and seen it
                return
            self._past.add(parent)
            self.head, self._steps = oid, steps.steps
            self._seen = self._times[oid]
            self._apply(ids)

    def forget(self) -> None:
        """Begin anew after the history was rewritten."""
        with self.lock:
            self.head, self._looked, self._past, self._steps = "", None, set(), None
            self._trees, self._singles, self._insides = {}, {}, {}

    def _follow(self, page: Sequence[CommitInfo]) -> None:
        """Go to the newest commit, keeping what is known where every commit between says what it changed."""
        oids = [made.oid for made in page]
        between = page[: oids.index(self.head)] if self.head in oids else None
        steps = self._steps_between(between) if between and (self._trees or self._singles or self._insides) else None
        if self.head:
            self._past.add(self.head)
        self.head, self._steps = oids[0], None
        if steps is None:
            self._trees, self._singles, self._insides = {}, {}, {}
            return
        for step in steps:
            self._apply(step.ids)

    def _steps_between(self, between: Sequence[CommitInfo]) -> Sequence[ChangeEntry] | None:
        nonces = [made.nonce for made in reversed(between)]
        if None in nonces:
            return None
        known = {step.nonce: step for step in self._fetched_steps(between[0].oid)}
        return [known[nonce] for nonce in nonces if nonce] if known.keys() >= set(nonces) else None

    def _fetched_steps(self, revision: str) -> tuple[ChangeEntry, ...]:
        try:
            return ChangeLog.model_validate_json(self._wire.file(revision, CHANGES)).steps
        except (NotFound, RevisionGone, ValidationError):
            return ()  # it only spares requests: without it, everything is listed again

    def _apply(self, ids: Mapping[str, str | None]) -> None:
        self._singles |= {path: ids[path] for path in self._singles.keys() & ids.keys()}
        for folder, tree in self._trees.items():
            for path, content_id in ids.items():
                if not folder or path.startswith(f"{folder}/"):
                    tree.put(path, content_id)

        for path, content_id in ids.items():
            self._apply_inside(path, content_id)

    def _apply_inside(self, path: str, content_id: str | None) -> None:
        for folder in [folder for folder in self._insides if not folder or path.startswith(f"{folder}/")]:
            name, below, _ = path.removeprefix(f"{folder}/" if folder else "").partition("/")
            if content_id is not None:
                self._insides[folder].add(name)
            elif below:
                del self._insides[folder]  # whether anything is left below, only the Hub knows
            else:
                self._insides[folder].discard(name)

    def _fresh(self) -> None:
        if self._looked is None or self._pace.clock() - self._looked >= self._every:
            try:
                self.look()
            except (RateLimited, Unreachable):
                if not self.head:
                    raise
                self._looked = self._pace.clock()  # what was read before is as new as the last head that was seen

    def _tree(self, folder: str) -> PathIndex:
        """What covers a folder, as of the head."""
        self._fresh()
        covering = next((one for one in self._trees if not one or f"{folder}/".startswith(f"{one}/")), None)
        if covering is not None:
            return self._trees[covering]
        try:
            tree = PathIndex(self._wire.tree(self.head, folder))
        except RevisionGone:
            self.forget()
            self.look()
            tree = PathIndex(self._wire.tree(self.head, folder))
        self._trees[folder] = tree
        return tree
