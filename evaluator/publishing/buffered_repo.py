"""Batches many small commits to a repository into few large ones, each made only under this evaluator's lease.

Reads see committed changes at once; the repository gets them when the rate limit allows. A process killed before that
loses progress reports only, never the work: that is in its work folder, and the next run reports it again.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evaluator.publishing.lease import LEASE_DURATION, PATH, Lease, LeaseHeld, LeaseLost, read_lease
from submissions.errors import Conflict, NotFound, RateLimited, Unreachable
from submissions.storage.codec import to_json
from submissions.storage.deadlines import Deadline, has_elapsed
from submissions.storage.repo import Change, Repo, content_id, validate_path

MAX_FILES_PER_COMMIT = 500
"""Maximum number of files per commit; the Hub aborts a commit that takes it a minute."""
_TRIES = 20
_AWAY = (timedelta(seconds=30), timedelta(minutes=10))
"""Backoff for an unresponsive Hub: initial and maximum."""

_LARGE = ("results/", "previews/")
"""Folders of files that are written once and rarely read again."""

Files = dict[str, bytes | None]
Groups = list[Files]

log = logging.getLogger(__name__)


@dataclass(eq=False)
class BufferedRepo:
    """Repository wrapper with the same methods plus the lease. For one process, and any of its threads."""

    repo: Repo
    owner: str
    clock: Callable[[], datetime]
    gap: timedelta = timedelta()
    """Least time between two commits; zero writes everything at once."""
    term: timedelta = LEASE_DURATION
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))
    """Identifies the lease's owner; only one process at a time may have it."""
    _groups: Groups = field(default_factory=list)
    """Pending files in groups that must be written together, oldest first. No path is in two groups."""
    _files: Files = field(default_factory=dict)
    """Pending files by path."""
    _written: dict[str, bytes] = field(default_factory=dict)
    """Cache of written files that are read repeatedly, valid until another evaluator commits."""
    _count: int = 0
    _parent: str = ""
    """Last head at which the lease was verified."""
    _lease: Lease | None = None
    _loss: LeaseLost | None = None
    _closed: Deadline | None = None
    _pause: timedelta = _AWAY[0]
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def acquire_lease(self) -> None:
        """Take the lease, in a separate commit. Raises LeaseHeld, and any error of a commit."""
        with self._lock:
            for _ in range(_TRIES):
                head = self.repo.head()
                found = read_lease(self.repo)
                if found is not None and found.nonce != self.nonce and not found.is_over(self.clock()):
                    raise LeaseHeld(found)
                try:
                    self._write_commit({}, head)
                except Conflict:
                    continue
                self.repo.list()  # caches the listing in case the Hub becomes unavailable
                return
            raise Conflict("Other writers commit to this repository without a pause: the lease could not be acquired.")

    def release_lease(self) -> None:
        """Release the lease, if it is still ours, so that another evaluator can take it at once."""
        with self._lock:
            if self._lease is not None and self._loss is None:
                self._write_verified(lambda head: self.repo.commit([Change(PATH, None)], head))
                self._lease = None

    @property
    def pending(self) -> int:
        """Number of files not written yet."""
        with self._lock:
            return len(self._files)

    @property
    def next_commit_at(self) -> datetime | None:
        """Earliest time for the next commit; None for now."""
        return self._closed.until if self._closed and not self._closed.is_over(self.clock()) else None

    def heartbeat(self, *, at_work: bool = True) -> None:
        """Flush if due; if at work, renew the lease before half of its term is over. Raises LeaseLost."""
        with self._lock:
            self.flush()
            if at_work and (self._lease is None or has_elapsed(self._lease.heartbeat, self.term / 2, self.clock())):
                self.renew_lease()

    def flush(self, *, at_once: bool = False, adding: bool = False) -> bool:
        """Flush pending files within the rate limit; return whether all are written. `at_once` ignores our own gap.

        With `adding`, deletions stay pending. Raises LeaseLost, and any error of a commit but RateLimited and
        Unreachable: these postpone the flush.
        """
        with self._lock:
            self._require_lease()
            while files := self._next_batch(adding=adding):
                if not at_once and self.next_commit_at is not None:
                    return False
                try:
                    self._write_verified(lambda head, files=files: self._write_commit(files, head))  # type: ignore[misc]
                except (RateLimited, Unreachable) as error:
                    self._postpone(error)
                    return False
                self._cache_written(files)
                self._set_groups([left for group in self._groups if (left := _exclude_files(group, files))])
                self._closed = Deadline(now := self.clock(), now + self.gap) if self.gap else None
            return True

    def renew_lease(self) -> None:
        """Renew the lease, if the rate limit allows. Raises LeaseLost."""
        with self._lock:
            self._require_lease()
            if self.next_commit_at is not None:
                return
            try:
                self._write_verified(lambda head: self._write_commit({}, head))
            except (RateLimited, Unreachable) as error:
                self._postpone(error)

    def head(self) -> str:
        with self._lock:
            self._require_lease()
            return str(self._count)

    def read(self, path: str) -> bytes:
        with self._lock:
            content = self._files[path] if path in self._files else self._written.get(path) or self.repo.read(path)
        if content is None:
            raise NotFound(f"The file {path} no longer exists.")
        return content

    def list_dir(self, folder: str = "") -> list[str]:
        start = f"{validate_path(folder)}/" if folder else ""
        with self._lock:
            waiting = {path: content for path, content in self._files.items() if path.startswith(start)}
            if None in waiting.values():  # a folder disappears with its last file
                return sorted({path.removeprefix(start).split("/", 1)[0] for path in self.list(start)})
            return sorted(
                {*self.repo.list_dir(folder), *(path.removeprefix(start).split("/", 1)[0] for path in waiting)}
            )

    def list(self, prefix: str = "") -> list[str]:
        with self._lock:
            waiting = {path: content for path, content in self._files.items() if path.startswith(prefix)}
            found = self.repo.list(prefix)
        if not waiting:
            return found
        return sorted({*found, *waiting} - {path for path, content in waiting.items() if content is None})

    def ids(self, prefix: str = "") -> dict[str, str]:
        with self._lock:
            waiting = {path: content for path, content in self._files.items() if path.startswith(prefix)}
            found = self.repo.ids(prefix)
        if not waiting:
            return found
        fresh = {path: content_id(content) for path, content in waiting.items() if content is not None}
        kept = {path: said for path, said in found.items() if path not in waiting}
        return dict(sorted((kept | fresh).items()))

    def commit(self, changes: Sequence[Change], parent: str) -> str:
        """Buffer changes as one group. Without a gap, write them at once and raise any error of a commit."""
        files = _collect_contents(changes)
        with self._lock:
            self._require_lease()
            if parent != str(self._count):
                raise Conflict(f"The state after {parent} is newer: read again, then commit again.")
            before = self._groups
            self._groups = _merge_groups(self._groups, files)
            self._files |= files
            try:
                if not self.gap:
                    self.flush()
            except BaseException:
                self._set_groups(before)
                raise
            self._count += 1
            return str(self._count)

    def _next_batch(self, *, adding: bool) -> Files:
        """Files of the next commit: results before mere progress, each group as a whole."""
        found: Files = {}
        for whole in sorted(self._groups, key=lambda group: all(path.startswith("status/") for path in group)):
            group = {path: content for path, content in whole.items() if not (adding and content is None)}
            if found and len(found) + len(group) > MAX_FILES_PER_COMMIT:
                break
            found |= group
        return found

    def _write_commit(self, files: Mapping[str, bytes | None], head: str) -> None:
        """Commit files, and renew the lease in the same commit unless it is almost new."""
        now = self.clock()
        changes = [Change(path, content) for path, content in files.items()]
        lease = self._lease
        if lease is None or has_elapsed(lease.heartbeat, self.term / 10, now) or not files:
            lease = Lease(owner=self.owner, nonce=self.nonce, until=now + self.term, heartbeat=now)
            changes.append(Change(PATH, to_json(lease)))
        self._parent = self.repo.commit(changes, head)
        self._lease = lease

    def _write_verified(self, write: Callable[[str], object]) -> None:
        """Write on a head at which the lease is verified. Raises LeaseLost."""
        for _ in range(_TRIES):
            head = self.repo.head()  # an unavailable Hub fails here at once; a commit would be retried for minutes
            if head != self._parent:
                self._verify_lease(head)
            try:
                write(head)
            except Conflict:
                continue
            self._pause = _AWAY[0]
            return
        raise Unreachable("Other writers commit to this repository without a pause. Try again.")

    def _verify_lease(self, head: str) -> None:
        """Check that the lease is still ours. Raises LeaseLost."""
        found = read_lease(self.repo)
        if found is None or found.nonce != self.nonce:
            self._loss = LeaseLost(found)
            raise self._loss
        self._parent = head
        self._written.clear()

    def _require_lease(self) -> None:
        if self._loss is not None:
            raise self._loss

    def _postpone(self, error: RateLimited | Unreachable) -> None:
        log.warning("%d file(s) are still unwritten: %s", self.pending, error)
        self._parent = ""  # it may have landed
        if isinstance(error, RateLimited):
            self._closed = Deadline(self.clock(), error.until)
        else:
            self._closed = Deadline(now := self.clock(), now + self._pause)
            self._pause = min(2 * self._pause, _AWAY[1])

    def _cache_written(self, files: Files) -> None:
        for path, content in files.items():
            self._written.pop(path, None)
            if content is not None and not path.startswith(_LARGE):
                self._written[path] = content

    def _set_groups(self, groups: Groups) -> None:
        self._groups = groups
        self._files = {path: content for group in groups for path, content in group.items()}


def _merge_groups(groups: Sequence[Files], files: Files) -> Groups:
    """Add a group; existing groups that share a path with it are merged into it."""
    apart = [group for group in groups if not group.keys() & files.keys()]
    merged: Files = {}
    for group in groups:
        if group.keys() & files.keys():
            merged |= group
    return [*apart, merged | files]


def _exclude_files(group: Files, files: Files) -> Files:
    return {path: content for path, content in group.items() if path not in files}


def _collect_contents(changes: Sequence[Change]) -> Files:
    found: Files = {}
    for change in changes:
        if validate_path(change.path) in found:
            raise ValueError(f"a commit names a path twice: {change.path}")
        content = change.content
        found[change.path] = content if isinstance(content, bytes | None) else content.read_bytes()
    return found
