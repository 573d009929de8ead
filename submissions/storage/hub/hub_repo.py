"""The methods of a repository on the Hub."""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path, PurePosixPath

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, cached_assets_path

from submissions.errors import CorruptRecord, NotFound, RateLimited, Unreachable
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.deadlines import Deadline
from submissions.storage.hub.blob_cache import BlobCache, compute_hub_ids
from submissions.storage.hub.change_log import CHANGES, ChangeEntry, ChangeLog, trim_log
from submissions.storage.hub.head_cache import HeadCache
from submissions.storage.hub.hub_client import PAUSES, CommitInProgress, HeadMoved, HubClient, RevisionGone
from submissions.storage.repo import Change, validate_path
from submissions.storage.repo import content_id as git_content_id


class HubRepo:
    """A data set repository. Thread-safe; concurrent threads and processes conflict, and lose nothing.

    `head` asks the Hub (1 request). The others look for a new head at most every `look` of time, and then read what
    is known of it: one page of a tree or one file a request, and contents that were read once from `cache`.
    """

    def __init__(
        self,
        repo_id: str,
        *,
        pace: CommitRateLimit | None = None,
        look: timedelta = timedelta(seconds=10),
        cache: Path | None = None,
        endpoint: str | None = None,
        token: str | None = None,
        timeout: float = 90,
    ) -> None:
        self.repo_id = repo_id
        self.pace = pace or CommitRateLimit()
        self._client = HubClient(repo_id, endpoint, token, timeout, self.pace.clock, self.pace.sleep)
        self._head_cache = HeadCache(self._client, self.pace, look)
        self._blobs = BlobCache(cache or cached_assets_path("datasetresearch-arena", repo_id, "contents"))
        self._commit_lock = threading.Lock()
        """Serializes commits: the Hub would refuse a second one."""
        self._closed: Deadline | None = None
        """End of the Hub's rate limit on commits."""

    def head(self) -> str:
        with self._head_cache.lock:
            self._head_cache.refresh()
            return self._head_cache.head

    def read(self, path: str) -> bytes:
        try:
            return self._read_file(validate_path(path))
        except RevisionGone:
            self._head_cache.clear()
        try:
            return self._read_file(path)
        except RevisionGone as error:
            raise Unreachable(f"The history of {self.repo_id} is being rewritten. Try again.") from error

    def list_dir(self, folder: str = "") -> list[str]:
        return sorted(
            name for name in self._head_cache.list_dir(folder and validate_path(folder)) if not name.startswith(".")
        )

    def list(self, prefix: str = "") -> list[str]:
        return list(self.ids(prefix))

    def ids(self, prefix: str = "") -> dict[str, str]:
        if "/" in prefix:
            validate_path(prefix.rpartition("/")[0])
        found = self._head_cache.with_prefix(prefix)
        return {path: said for path, said in found.items() if not path.startswith(".") and "/." not in path}

    def commit(self, changes: Sequence[Change], parent: str) -> str:
        paths = [validate_path(change.path) for change in changes]
        if len(set(paths)) != len(paths):
            raise ValueError(f"a commit names a path twice: {sorted(paths)}")
        ids = {change.path: None if change.content is None else git_content_id(change.content) for change in changes}
        with self._commit_lock:
            self._head_cache.require_head(parent)
            present = self._existing_paths(changes, parent)
            wanted = [change for change in changes if change.content is not None or change.path in present]
            before = self._head_cache.entries_at(parent)
            self._wait_for_rate()
            oid, steps = self._commit(wanted, ids, before, parent)
            self._head_cache.apply_own_commit(parent, oid, ids, steps)
        return oid

    def _read_file(self, path: str) -> bytes:
        head, known, content_id = self._head_cache.lookup(path)
        if known and content_id is None:
            raise self._not_found(path)
        if content_id and (kept := self._blobs.get(content_id)) is not None:
            return kept
        for _ in range(2):
            try:
                content = self._client.read_file(head, path)
            except NotFound as error:
                self._head_cache.record(head, path, None)
                raise self._not_found(path) from error
            if content_id is None:
                content_id = git_content_id(content)
                self._head_cache.record(head, path, content_id)
            if content_id in compute_hub_ids(content):
                self._blobs.put(content_id, content)
                return content
        raise CorruptRecord(
            f"{path} in {self.repo_id} is not what was committed (its id was {content_id}). "
            "Restore it from the repository's history."
        )

    def _not_found(self, path: str) -> NotFound:
        return NotFound(f"No file {path} in the repository {self.repo_id}.")

    def _existing_paths(self, changes: Sequence[Change], parent: str) -> set[str]:
        """Return the paths that hold a file. Raises ValueError for a path that would be both file and folder."""
        above = {change.path: _parent_paths(change.path) for change in changes if change.content is not None}
        paths = {change.path for change in changes}
        kinds = self._head_cache.path_kinds(paths.union(*above.values()), parent)
        for path, ups in above.items():
            if kinds.get(path) == "directory" or any(kinds.get(up) == "file" or up in above for up in ups):
                raise ValueError(f"{path} would be a file and a folder at once in {self.repo_id}")
        return {path for path in paths if kinds.get(path) == "file"}

    def _wait_for_rate(self) -> None:
        """Wait for the rate limit, unless it takes too long. Raises RateLimited."""
        due = self._head_cache.next_commit_at()
        if self._closed is not None and not self._closed.is_over(self.pace.clock()):
            due = max(due, self._closed.until)
        wait = due - self.pace.clock()
        if wait > self.pace.max_wait:
            raise RateLimited(f"The commit limit of {self.repo_id} is reached.", due)
        if wait > timedelta():
            self.pace.sleep(wait.total_seconds())

    def _commit(
        self, changes: Sequence[Change], ids: dict[str, str | None], before: Sequence[ChangeEntry], parent: str
    ) -> tuple[str, ChangeLog]:
        """Commit, with retries where that is safe; return its id and its content of .changes.json.

        Every try has its own nonce: with the same one, a try that landed unseen would make the next one empty, which
        the client answers with whatever head `repo_info` shows.

        Raises Conflict, RateLimited, AccessDenied, Unreachable.
        """
        tried: dict[str, ChangeLog] = {}
        unclear = False
        for pause in (*PAUSES, None):
            nonce = secrets.token_hex(8)
            steps = tried[nonce] = trim_log((*before, ChangeEntry(nonce=nonce, ids=ids)))
            try:
                return self._client.commit(
                    _make_operations(changes, steps), parent, _commit_title(changes), nonce
                ), steps
            except CommitInProgress:
                until = self.pace.clock() + timedelta(minutes=1)
                problem: Exception = RateLimited(f"Other writers are committing to {self.repo_id}.", until)
            except (HeadMoved, RevisionGone, RateLimited) as error:
                if unclear and (found := self._find_landed(tried, parent, moved=isinstance(error, HeadMoved))):
                    return found
                if isinstance(error, RateLimited):
                    self._closed = Deadline(self.pace.clock(), error.until)
                    raise
                raise self._head_cache.make_conflict(parent) from error
            except Unreachable as error:
                # It may have landed, or still land: the same parent allows only one try, and a nonce identifies it.
                unclear, problem = True, error
                if found := self._find_landed(tried, parent):
                    return found
            if pause is not None:
                self.pace.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
        raise problem

    def _find_landed(
        self, tried: Mapping[str, ChangeLog], parent: str, *, moved: bool = False
    ) -> tuple[str, ChangeLog] | None:
        """Return the try that landed, if any. With `moved`, a list that still shows the parent is lagging."""
        for pause in PAUSES:
            page = self._client.list_commits()
            for made in page:
                if made.nonce and made.nonce in tried:
                    return made.oid, tried[made.nonce]
            if not (moved and page[0].oid == parent):
                return None
            self.pace.sleep(pause)
        return None


def _make_operations(changes: Iterable[Change], steps: ChangeLog) -> list[CommitOperationAdd | CommitOperationDelete]:
    """Build the operations anew for each try: the client marks those that it has used."""
    state = CommitOperationAdd(CHANGES, steps.model_dump_json().encode())
    return [state, *map(_make_operation, changes)]


def _make_operation(change: Change) -> CommitOperationAdd | CommitOperationDelete:
    if change.content is None:
        return CommitOperationDelete(change.path, is_folder=False)
    return CommitOperationAdd(change.path, change.content)


def _commit_title(changes: Sequence[Change]) -> str:
    if not changes:
        return "nothing"
    return changes[0].path + (f" and {len(changes) - 1} more" if len(changes) > 1 else "")


def _parent_paths(path: str) -> set[str]:
    return {parent.as_posix() for parent in PurePosixPath(path).parents} - {"."}
