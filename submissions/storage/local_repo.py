"""A repository in a folder."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from submissions.errors import Conflict, CorruptRecord, NotFound
from submissions.storage.atomic import atomic_write, fsync_dir
from submissions.storage.journal import PLAN, JournalPlan, PlannedFile
from submissions.storage.private_files import (
    PRIVATE_DIR,
    PRIVATE_FILE,
    PUBLIC_DIR,
    PUBLIC_FILE,
    make_dirs,
    warn_if_exposed,
)
from submissions.storage.repo import Change, content_id, validate_path

_EMPTY_HEAD = "0" * 64
_BLOCK_BYTES = 4096
"""Bytes that a new folder or a small file takes on most disks."""
log = logging.getLogger(__name__)
_NOTED = 4096
"""Bytes from which a file's content id is cached at its commit; smaller files are quickly read again."""


class LocalRepo:
    """A folder. Commits are journalled: a killed writer leaves the state before or the state after, nothing between.

    The same holds for a power loss; if the disk lost more than it may, every call raises CorruptRecord until the file
    is restored.

    On disk: the data in place; `.head` (64 hex digits), `.lock` (flock), and during a commit `.journal/` with the
    staged contents and, written last, `changes.json` with their SHA-256. The next process to open it carries out a
    complete journal. `.ids` caches the content ids of committed files, which `ids` would else have to read: an entry
    is trusted only while the file's size and time match it, and the cache may be lost. Files and folders are for their
    owner only, whatever the umask, unless the repository is public.
    """

    def __init__(self, folder: Path | str, *, is_public: bool = False) -> None:
        self.folder = Path(folder)
        self._file_mode, self._dir_mode = (PUBLIC_FILE, PUBLIC_DIR) if is_public else (PRIVATE_FILE, PRIVATE_DIR)
        if not is_public:
            warn_if_exposed(self.folder)
        self._ids: dict[str, tuple[tuple[int, int], str]] | None = None
        """By path: size and time of a file, and its content id."""

    def head(self) -> str:
        with self._hold_lock(exclusive=False):
            return self._read_head()

    def read(self, path: str) -> bytes:
        file = self.folder / validate_path(path)
        with self._hold_lock(exclusive=False):
            if file.is_symlink() or not file.is_file():
                raise NotFound(f"No file {path} in the repository {self.folder.name}.")
            return file.read_bytes()

    def list_dir(self, folder: str = "") -> list[str]:
        place = self.folder / validate_path(folder) if folder else self.folder
        with self._hold_lock(exclusive=False):
            return sorted(name for name in os.listdir(place) if name[0] != ".") if place.is_dir() else []

    def list(self, prefix: str = "") -> list[str]:
        start = self.folder / validate_path(prefix.rpartition("/")[0]) if "/" in prefix else self.folder
        found = []
        with self._hold_lock(exclusive=False):
            for root, folders, names in os.walk(start):
                folders[:] = [name for name in folders if not name.startswith(".")]
                found += [Path(root, name).relative_to(self.folder).as_posix() for name in names if name[0] != "."]
        return sorted(path for path in found if path.startswith(prefix))

    def ids(self, prefix: str = "") -> dict[str, str]:
        start = f"{validate_path(prefix.rpartition('/')[0])}/" if "/" in prefix else ""
        with self._hold_lock(exclusive=False):
            known = self._load_id_cache() if self._ids is None else self._ids
            found = dict(sorted(self._scan_ids(start, known, prefix)))
        self._ids = known | found if prefix else found
        return {path: name for path, (_, name) in found.items()}

    def _scan_ids(
        self, start: str, known: Mapping[str, tuple[tuple[int, int], str]], prefix: str
    ) -> Iterator[tuple[str, tuple[tuple[int, int], str]]]:
        """Yield stamp and content id of every file below a folder whose path begins with the prefix."""
        folder = self.folder / start
        if not folder.is_dir():
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                path = f"{start}{entry.name}"
                if entry.name[0] == ".":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if path.startswith(prefix) or prefix.startswith(f"{path}/"):
                        yield from self._scan_ids(f"{path}/", known, prefix)
                elif path.startswith(prefix):
                    stamp = _file_stamp(entry.stat())
                    before = known.get(path)
                    same = before and before[0] == stamp
                    yield path, before if before and same else (stamp, content_id(Path(entry.path)))

    def _load_id_cache(self) -> dict[str, tuple[tuple[int, int], str]]:
        """Load the cached ids of committed files; skip a truncated line."""
        file = self.folder / ".ids"
        if not file.is_file():
            return {}
        lines = (line.split(" ", 3) for line in file.read_text().splitlines())
        return {
            line[3]: ((int(line[1]), int(line[2])), line[0])
            for line in lines
            if len(line) == 4 and line[1].isdecimal() and line[2].isdecimal()
        }

    def _append_id_cache(self, ids: Mapping[str, str]) -> None:
        """Append the content ids of newly committed files to the cache."""
        lines = []
        # The commit has been made: a disk that fails must not make its writer believe the contrary.
        try:
            for path in ids:
                file = self.folder / path
                if file.stat().st_size >= _NOTED:
                    size, time = _file_stamp(file.stat())
                    lines.append(f"{ids[path]} {size} {time} {path}\n")
            if lines:
                with (self.folder / ".ids").open("a") as notes:
                    os.fchmod(notes.fileno(), self._file_mode)
                    notes.write("".join(lines))
        except OSError as error:
            log.warning("The commit to %s is complete, its .ids cache is not: %s", self.folder.name, error)

    def commit(self, changes: Sequence[Change], parent: str) -> str:
        paths = [validate_path(change.path) for change in changes]
        if len(set(paths)) != len(paths):
            raise ValueError(f"a commit names a path twice: {sorted(paths)}")
        with self._hold_lock(exclusive=True):
            head = self._read_head()
            if head != parent:
                raise Conflict(
                    f"{self.folder.name} is at {head[:12]}, not at {parent[:12]}: read again, then commit again."
                )
            self._check_path_conflicts(changes)
            return self._apply_commit(changes, head)

    def _check_path_conflicts(self, changes: Sequence[Change]) -> None:
        """Raise ValueError for changes that could be journalled and then never carried out."""
        written = {change.path for change in changes if change.content is not None}
        for path in written:
            above = {parent.as_posix() for parent in PurePosixPath(path).parents}
            if above & written or (self.folder / path).is_dir() or any((self.folder / up).is_file() for up in above):
                raise ValueError(f"{path} would be a file and a folder at once in {self.folder.name}")

    def _read_head(self) -> str:
        file = self.folder / ".head"
        if not file.exists():
            return _EMPTY_HEAD
        head = file.read_bytes().decode(errors="replace").strip()
        if not re.fullmatch(r"[0-9a-f]{64}", head):
            raise CorruptRecord(
                f"{self.folder.name}/.head does not contain a head but {head[:80]!r}. No other file depends on it: "
                "`python -m submissions repair-head DIR`, with the arena's folder, writes a new one from the files."
            )
        return head

    def repair_head(self) -> str | None:
        """Write a new head for a damaged one, from the content of all files; return it, or None if the old is good."""
        with self._hold_lock(exclusive=True):
            try:
                self._read_head()
            except CorruptRecord:
                digest = hashlib.sha256(b"repaired")
                for path, (_, content) in sorted(self._scan_ids("", {}, "")):
                    digest.update(f"{content} {path}\0".encode())
                self._write_head(digest.hexdigest())
                return digest.hexdigest()
        return None

    def _write_head(self, head: str) -> None:
        atomic_write(self.folder / ".head", f"{head}\n".encode(), self._file_mode)
        fsync_dir(self.folder)

    def _apply_commit(self, changes: Sequence[Change], head: str) -> str:
        journal = self.folder / ".journal"
        journal.mkdir(mode=PRIVATE_DIR)
        try:
            commit, ids = self._stage_commit(changes, head, journal)
            reserve = self._reserve_space(commit, journal)
            atomic_write(journal / PLAN, commit.model_dump_json().encode())
        except BaseException:
            shutil.rmtree(journal, ignore_errors=True)
            raise
        reserve.unlink()
        fsync_dir(journal)
        fsync_dir(self.folder)
        self._roll_forward(commit)
        self._append_id_cache(ids)
        return commit.head

    def _stage_commit(self, changes: Sequence[Change], head: str, journal: Path) -> tuple[JournalPlan, dict[str, str]]:
        """Copy the contents into the journal; return the plan, which is not written yet, and content ids by path."""
        digest = hashlib.sha256(head.encode())
        plan: list[PlannedFile] = []
        ids: dict[str, str] = {}
        for number, change in enumerate(changes):
            digest.update(change.path.encode() + b"\0")
            if change.content is None:
                plan.append((change.path, None, None))
                continue
            staged = journal / str(number)
            _stage_content(change.content, staged, self._file_mode)
            sha256 = _hash_file(staged)
            ids[change.path] = content_id(staged)  # before the commit, after which nothing may fail
            digest.update(bytes.fromhex(sha256))
            plan.append((change.path, staged.name, sha256))
        fsync_dir(journal)
        return JournalPlan(head=digest.hexdigest(), plan=tuple(plan)), ids

    def _reserve_space(self, commit: JournalPlan, journal: Path) -> Path:
        """Occupy what carrying out the plan may need: a complete journal must not meet a full disk."""
        folders = {up for path, _, _ in commit.plan for up in PurePosixPath(path).parents}
        reserve = journal / "reserve"
        with reserve.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, _BLOCK_BYTES * (len(folders) + 2))
        return reserve

    def _recover_commit(self) -> None:
        """Carry out an interrupted commit if its journal is complete, else discard it.

        A damaged plan counts as none: it is written last, so nothing was moved unless the disk lost what it had
        confirmed. Raises CorruptRecord, having changed nothing, if a staged file is lost.
        """
        journal = self.folder / ".journal"
        try:
            commit = JournalPlan.model_validate_json((journal / PLAN).read_bytes())
        except FileNotFoundError:
            shutil.rmtree(journal, ignore_errors=True)
        except ValidationError as error:
            fault = error.errors()[0]
            log.error(
                "%s is damaged (%s), so the commit that it belongs to counts as not made; removed it",
                journal / PLAN,
                fault["msg"],
            )
            shutil.rmtree(journal, ignore_errors=True)  # on a read-only disk it stays, and pages go on
        else:
            self._require_staged_files(commit.plan)
            self._roll_forward(commit)

    def _roll_forward(self, commit: JournalPlan) -> None:
        """Move the staged files to their paths, then write the head. Safe to repeat."""
        journal = self.folder / ".journal"
        touched: set[Path] = set()
        for path, staged, _ in commit.plan:
            target = self.folder / path
            touched.update(self.folder / up for up in PurePosixPath(path).parents)
            if staged is None:
                target.unlink(missing_ok=True)
                self._remove_empty_folders(path)
            elif (journal / staged).exists():
                make_dirs(target.parent, self._dir_mode)
                (journal / staged).replace(target)
        for folder in touched:
            if folder.is_dir():  # missing if the commit deletes a path that never existed
                fsync_dir(folder)
        self._write_head(commit.head)
        (journal / PLAN).unlink()
        shutil.rmtree(journal, ignore_errors=True)

    def _remove_empty_folders(self, path: str) -> None:
        """Remove empty folders of a path: a repository has files only."""
        for up in PurePosixPath(path).parents:
            folder = self.folder / up
            if up.name and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def _require_staged_files(self, plan: Sequence[PlannedFile]) -> None:
        """Raise CorruptRecord for a planned file that is neither staged nor already moved to its path, and whole."""
        for path, staged, sha256 in plan:
            if staged is None:
                continue
            places = (self.folder / ".journal" / staged, self.folder / path)
            place = next((place for place in places if place.is_file()), None)
            if place is None or _hash_file(place) != sha256:
                raise CorruptRecord(
                    f"A commit to {self.folder.name} was interrupted, its file {path} is lost. Put the file with the "
                    f"SHA-256 {sha256} there, which completes the commit, or restore the repository from a backup."
                )

    @contextmanager
    def _hold_lock(self, *, exclusive: bool) -> Iterator[None]:
        file = self.folder / ".lock"
        if exclusive:
            make_dirs(self.folder, self._dir_mode)
            if not file.exists():
                file.touch()
                file.chmod(self._file_mode)
        elif not file.exists():  # nothing was committed yet, and a reader creates no files
            yield
            return
        with file.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
            if (self.folder / ".journal").exists():
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._recover_commit()
            yield


def _file_stamp(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stage_content(content: bytes | Path, target: Path, mode: int) -> None:
    if isinstance(content, Path):
        shutil.copyfile(content, target)
        target.chmod(mode)
        with target.open("rb") as file:
            os.fsync(file.fileno())
    else:
        atomic_write(target, content, mode)
