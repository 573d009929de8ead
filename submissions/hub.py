"""A data set repository on the Hub behind the same methods as a folder.

Every commit rewrites `.changes.json`: a nonce, so that no commit is empty (the client drops what changes nothing, and
with it the check of the parent), and which paths the last commits changed, so that readers need not list all again.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, cached_assets_path
from pydantic import ValidationError

from submissions.errors import Busy, Conflict, Corrupt, NotFound, Unreachable
from submissions.hub_tree import Tree
from submissions.hub_wire import PAUSES, Gone, Locked, Made, Moved, Wire
from submissions.local import write_whole
from submissions.models import Record
from submissions.pace import Pace
from submissions.repo import Change, confined

CHANGES = ".changes.json"
_LAG = timedelta(minutes=10)
"""How long a list of commits that shows an older head counts as lagging behind."""
_SINGLES = 20
"""Files of a folder that are read one by one, before the folder is listed to know which of them change."""
_REMEMBERED = 400
"""Paths in `.changes.json`: some 30 kB, written with every commit."""


class Step(Record):
    """What one commit changed: the id of each path's new content, None for what it deleted."""

    nonce: str
    ids: dict[str, str | None]


class Steps(Record):
    """The last commits by HubRepos, oldest first: .changes.json."""

    steps: tuple[Step, ...] = ()


class HubRepo:
    """A data set repository. May be used from many threads; they and other processes conflict, and lose nothing.

    `head` asks the Hub (1 request). The others look for a new head at most every `look` of time, and then read what
    is known of it: one page of a tree or one file a request, and contents that were read once from `cache`.
    """

    def __init__(
        self,
        repo_id: str,
        *,
        pace: Pace | None = None,
        look: timedelta = timedelta(seconds=10),
        cache: Path | None = None,
        endpoint: str | None = None,
        token: str | None = None,
        timeout: float = 90,
    ) -> None:
        self.repo_id = repo_id
        self.pace = pace or Pace()
        self._look_every = look
        self._cache = cache or cached_assets_path("datasetresearch-arena", repo_id, "blobs")
        self._wire = Wire(repo_id, endpoint, token, timeout, self.pace.clock, self.pace.sleep)
        self._state = threading.RLock()
        self._turn = threading.Lock()
        """One commit at a time: the Hub would refuse a second one."""
        self._head = ""
        self._looked: datetime | None = None
        self._past: set[str] = set()
        """Heads that were: a list of commits that begins with one of them is an old one."""
        self._trees: dict[str, Tree] = {}
        """For each folder that was listed, as of the head; "" is the whole."""
        self._singles: dict[str, str | None] = {}
        """Ids of what was read without a list, as of the head; None for what was not there."""
        self._steps: tuple[Step, ...] | None = None
        """What .changes.json holds at the head, if that is known."""
        self._times: dict[str, datetime] = {}
        """When the last commits were made, by id."""
        self._seen = self.pace.clock()
        """When the head was last seen in the Hub's list, or made by us."""
        self._closed: datetime | None = None
        """Until when the Hub has said that it takes no commits."""

    def head(self) -> str:
        with self._state:
            self._look()
            return self._head

    def read(self, path: str) -> bytes:
        confined(path)
        for last in (False, True):
            head, known, said = self._known(path)
            if known and said is None:
                break
            if said and (kept := self._kept(said)) is not None:
                return kept
            try:
                content = self._wire.file(head, path)
            except NotFound:
                self._note(head, path, None)
                break
            except Gone as error:
                if last:
                    raise Unreachable(f"The history of {self.repo_id} is being rewritten. Try again.") from error
                self._forget()
                continue
            if said is None:
                said = _git_id(content)
                self._note(head, path, said)
            if said in _ids_of(content):
                self._keep(said, content)
                return content
            if last:
                raise Corrupt(
                    f"{path} in {self.repo_id} is not what was committed (its id was {said[:12]}). "
                    "Restore it from the repository's history."
                )
        raise NotFound(f"No file {path} in the repository {self.repo_id}.")

    def list(self, prefix: str = "") -> list[str]:
        return list(self.ids(prefix))

    def ids(self, prefix: str = "") -> dict[str, str]:
        folder = confined(prefix.rpartition("/")[0]) if "/" in prefix else ""
        with self._state:
            found = self._tree(folder).below(prefix)
        return {path: said for path, said in found.items() if not path.startswith(".") and "/." not in path}

    def commit(self, changes: Sequence[Change], parent: str) -> str:
        paths = [confined(change.path) for change in changes]
        if len(set(paths)) != len(paths):
            raise ValueError(f"a commit names a path twice: {sorted(paths)}")
        ids = {change.path: _content_id(change) for change in changes}
        with self._turn:
            self._expect(parent)
            present = self._present(changes, parent)
            wanted = [change for change in changes if change.content is not None or change.path in present]
            before = self._steps_at(parent)
            self._admit()
            made, steps = self._carry_out(wanted, ids, before, parent)
            self._landed(made, ids, steps)
        return made

    # What is known of the repository.

    def _look(self) -> None:
        """Take in the newest commits."""
        page, now = self._wire.commits(), self.pace.clock()
        newest = page[0].oid
        if newest in self._past and now - self._seen > _LAG:
            self._forget()  # no list lags so long: somebody took the branch back
        if newest != self._head and newest not in self._past:
            self._follow(page)
        if newest == self._head:
            self._seen = now
        self._looked = now
        self._past |= {made.oid for made in page} - {self._head}
        recent = {oid: time for oid, time in self._times.items() if time > now - timedelta(hours=1)}
        self._times = recent | {made.oid: made.time for made in page}

    def _follow(self, page: Sequence[Made]) -> None:
        """Go to the newest commit, keeping what is known where every commit between says what it changed."""
        oids = [made.oid for made in page]
        between = page[: oids.index(self._head)] if self._head in oids else None
        steps = self._steps_between(between) if between and (self._trees or self._singles) else None
        if self._head:
            self._past.add(self._head)
        self._head, self._steps = oids[0], None
        if steps is None:
            self._trees, self._singles = {}, {}
            return
        for step in steps:
            self._apply(step.ids)

    def _steps_between(self, between: Sequence[Made]) -> Sequence[Step] | None:
        nonces = [made.nonce for made in reversed(between)]
        if None in nonces:
            return None
        known = {step.nonce: step for step in self._fetched_steps(between[0].oid)}
        return [known[nonce] for nonce in nonces if nonce] if known.keys() >= set(nonces) else None

    def _fetched_steps(self, revision: str) -> tuple[Step, ...]:
        try:
            return Steps.model_validate_json(self._wire.file(revision, CHANGES)).steps
        except (NotFound, Gone, ValidationError):
            return ()  # it only spares requests: without it, everything is listed again

    def _apply(self, ids: Mapping[str, str | None]) -> None:
        self._singles |= {path: ids[path] for path in self._singles.keys() & ids.keys()}
        for folder, tree in self._trees.items():
            for path, content_id in ids.items():
                if not folder or path.startswith(f"{folder}/"):
                    tree.put(path, content_id)

    def _fresh(self) -> None:
        if self._looked is None or self.pace.clock() - self._looked >= self._look_every:
            self._look()

    def _tree(self, folder: str) -> Tree:
        """What covers a folder, as of the head."""
        self._fresh()
        covering = next((one for one in self._trees if not one or f"{folder}/".startswith(f"{one}/")), None)
        if covering is not None:
            return self._trees[covering]
        try:
            tree = Tree(self._wire.tree(self._head, folder))
        except Gone:
            self._forget()
            self._look()
            tree = Tree(self._wire.tree(self._head, folder))
        self._trees[folder] = tree
        return tree

    def _known(self, path: str) -> tuple[str, bool, str | None]:
        """The head, whether a list says if the path is there, and its id."""
        with self._state:
            self._fresh()
            top = path.partition("/")[0]
            if path not in self._singles and sum(one.startswith(f"{top}/") for one in self._singles) >= _SINGLES:
                self._tree(top)
            for folder, tree in self._trees.items():
                if not folder or path.startswith(f"{folder}/"):
                    return self._head, True, tree.get(path)
            return self._head, path in self._singles, self._singles.get(path)

    def _note(self, head: str, path: str, content_id: str | None) -> None:
        with self._state:
            if self._head == head:
                self._singles[path] = content_id

    def _forget(self) -> None:
        """Begin anew after the history was rewritten."""
        with self._state:
            self._head, self._looked, self._past, self._steps = "", None, set(), None
            self._trees, self._singles = {}, {}

    # Committing.

    def _expect(self, parent: str) -> None:
        """Raises Conflict for a parent that is not the head."""
        with self._state:
            if self._head != parent and parent not in self._past:
                self._look()
            if self._head != parent:
                raise self._conflict(parent)

    def _conflict(self, parent: str) -> Conflict:
        return Conflict(f"{self.repo_id} is no longer at {parent[:12]}: read again, then commit again.")

    def _present(self, changes: Sequence[Change], parent: str) -> set[str]:
        """Those of the paths that hold a file. Raises ValueError for what would be a file and a folder at once."""
        above = {change.path: _above(change.path) for change in changes if change.content is not None}
        paths = {change.path for change in changes}
        kinds = self._kinds(paths.union(*above.values()), parent)
        for path, ups in above.items():
            if kinds.get(path) == "directory" or any(kinds.get(up) == "file" or up in above for up in ups):
                raise ValueError(f"{path} would be a file and a folder at once in {self.repo_id}")
        return {path for path in paths if kinds.get(path) == "file"}

    def _kinds(self, paths: set[str], parent: str) -> dict[str, str | None]:
        with self._state:
            if self._head == parent and (tree := self._trees.get("")):
                return {path: tree.kind(path) for path in paths}
        try:
            return {**self._wire.kinds(parent, sorted(paths))}
        except Gone as error:
            raise self._conflict(parent) from error

    def _steps_at(self, parent: str) -> tuple[Step, ...]:
        with self._state:
            if self._head == parent and self._steps is not None:
                return self._steps
        return self._fetched_steps(parent)

    def _admit(self) -> None:
        """Wait for the pace, if it is not too long. Raises Busy."""
        with self._state:
            due = max(self.pace.due(self._times.values()), self._closed or self.pace.clock())
        wait = due - self.pace.clock()
        if wait > self.pace.patience:
            raise Busy(f"{self.repo_id} has had its commits for now.", due)
        if wait > timedelta():
            self.pace.sleep(wait.total_seconds())

    def _carry_out(
        self, changes: Sequence[Change], ids: dict[str, str | None], before: Sequence[Step], parent: str
    ) -> tuple[str, Steps]:
        """Commit, again and again where that is safe; its id, and what it wrote into .changes.json.

        Every try has its own nonce: with the same one, a try that landed unseen would make the next one empty, which
        the client answers with whatever head `repo_info` shows. Raises Conflict, Busy, Denied, Unreachable.
        """
        tried: dict[str, Steps] = {}
        unclear = False
        for pause in (*PAUSES, None):
            nonce = secrets.token_hex(8)
            steps = tried[nonce] = _shortened((*before, Step(nonce=nonce, ids=ids)))
            try:
                return self._wire.commit(_operations(changes, steps), parent, _title(changes), nonce), steps
            except Locked:
                until = self.pace.clock() + timedelta(minutes=1)
                problem: Exception = Busy(f"Others are committing to {self.repo_id}.", until)
            except (Moved, Gone, Busy) as error:
                if unclear and (found := self._found(tried, parent, moved=isinstance(error, Moved))):
                    return found
                if isinstance(error, Busy):
                    self._closed = error.until
                    raise
                raise self._conflict(parent) from error
            except Unreachable as error:
                # It may have landed, or may yet: the same parent lets one try land, and a nonce finds it.
                unclear, problem = True, error
                if found := self._found(tried, parent):
                    return found
            if pause is not None:
                self.pace.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
        raise problem

    def _found(self, tried: Mapping[str, Steps], parent: str, *, moved: bool = False) -> tuple[str, Steps] | None:
        """The try that the Hub has, if any. With `moved`, a list that still shows the parent is lagging."""
        for pause in PAUSES:
            page = self._wire.commits()
            for made in page:
                if made.nonce and made.nonce in tried:
                    return made.oid, tried[made.nonce]
            if not (moved and page[0].oid == parent):
                return None
            self.pace.sleep(pause)
        return None

    def _landed(self, oid: str, ids: Mapping[str, str | None], steps: Steps) -> None:
        with self._state:
            self._past.add(self._head)
            self._head, self._steps = oid, steps.steps
            self._seen = self._times[oid] = self.pace.clock()
            self._apply(ids)

    # Contents that were read.

    def _kept(self, content_id: str) -> bytes | None:
        try:
            content = self._blob(content_id).read_bytes()
        except OSError:
            return None  # not kept, or not readable: the Hub has it
        return content if content_id in _ids_of(content) else None

    def _keep(self, content_id: str, content: bytes) -> None:
        with suppress(OSError):  # a full disk must not stop a reader
            write_whole(self._blob(content_id), content)

    def _blob(self, content_id: str) -> Path:
        return self._cache / confined(content_id)[:2] / content_id


def _operations(changes: Iterable[Change], steps: Steps) -> list[CommitOperationAdd | CommitOperationDelete]:
    """Anew for each try: the client marks those that it has used."""
    state = CommitOperationAdd(CHANGES, steps.model_dump_json().encode())
    return [
        state,
        *(
            CommitOperationDelete(change.path, is_folder=False)
            if change.content is None
            else CommitOperationAdd(change.path, change.content)
            for change in changes
        ),
    ]


def _title(changes: Sequence[Change]) -> str:
    if not changes:
        return "nothing"
    return changes[0].path + (f" and {len(changes) - 1} more" if len(changes) > 1 else "")


def _shortened(steps: Sequence[Step]) -> Steps:
    """The newest steps that fit; a reader who misses one lists everything."""
    kept: list[Step] = []
    room = _REMEMBERED
    for step in reversed(steps):
        room -= len(step.ids) + 1
        if room < 0:
            break
        kept.insert(0, step)
    return Steps(steps=tuple(kept))


def _above(path: str) -> set[str]:
    return {parent.as_posix() for parent in PurePosixPath(path).parents} - {"."}


def _content_id(change: Change) -> str | None:
    """Git's blob id of what a change writes."""
    if change.content is None:
        return None
    if isinstance(change.content, bytes):
        return _git_id(change.content)
    with change.content.open("rb") as file:
        digest = hashlib.sha1(b"blob %d\0" % change.content.stat().st_size, usedforsecurity=False)
        while piece := file.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def _git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _ids_of(content: bytes) -> tuple[str, str]:
    """Under which ids the Hub may know a content: in Git, and in LFS."""
    return _git_id(content), hashlib.sha256(content).hexdigest()
