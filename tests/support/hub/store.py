"""Repositories, commits and files in sqlite; contents once each by their SHA-256. Every old revision stays readable."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

SCHEMA = """
create table if not exists repos(id text primary key, private int, created text);
create table if not exists commits(repo text, seq int, oid text, title text, message text, user text, date text,
    primary key (repo, seq));
create unique index if not exists by_oid on commits(repo, oid);
create table if not exists files(repo text, path text, since int, until int, oid text, sha256 text, lfs int, size int);
create index if not exists current on files(repo, path, until);
"""
LFS_ENDINGS = (".parquet", ".arrow", ".zip", ".gz", ".zst", ".png", ".jpg", ".bin", ".safetensors", ".sqlite")
LFS_BYTES = 10 * 2**20


@dataclass(frozen=True)
class File:
    """A file at a revision."""

    path: str
    since: int
    """Number of the commit that wrote it."""
    oid: str
    """Git's blob id; of the pointer for a file in LFS."""
    sha256: str
    lfs: bool
    size: int


@dataclass(frozen=True)
class Commit:
    """One commit of a repository, numbered from 0."""

    seq: int
    oid: str
    title: str
    message: str
    user: str
    date: str


class Missing(Exception):
    """No such repository, revision or file; the word is the Hub's own X-Error-Code."""


class Store:
    """All that the Hub keeps, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.blobs = folder / "blobs"
        self.blobs.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.sql = sqlite3.connect(folder / "hub.sqlite", check_same_thread=False)
        self.sql.executescript("pragma journal_mode=wal; pragma synchronous=off;" + SCHEMA)
        self.tree = lru_cache(maxsize=16)(self._tree)

    def close(self) -> None:
        self.sql.close()

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.lock:
            return self.sql.execute(query, values).fetchall()

    def create(self, repo: str, private: bool, user: str, date: str) -> bool:
        """A new repository with the first commit that the Hub makes; False if it is there already."""
        with self.lock:
            if self._rows("select 1 from repos where id=?", repo):
                return False
            self.sql.execute("insert into repos values(?,?,?)", (repo, int(private), date))
            attributes = "".join(f"*{end} filter=lfs diff=lfs merge=lfs -text\n" for end in LFS_ENDINGS).encode()
            self.apply(
                repo, {".gitattributes": self.put(attributes, ".gitattributes")}, "initial commit", "", user, date
            )
            return True

    def delete(self, repo: str) -> None:
        with self.lock:
            for table, key in (("repos", "id"), ("commits", "repo"), ("files", "repo")):
                self.sql.execute(f"delete from {table} where {key}=?", (repo,))
            self.sql.commit()
            self.tree.cache_clear()

    def repo(self, repo: str) -> tuple[bool, str]:
        """Whether it is private, and since when it is there. Raises Missing."""
        rows = self._rows("select private, created from repos where id=?", repo)
        if not rows:
            raise Missing("RepoNotFound")
        return bool(rows[0][0]), rows[0][1]

    def commits(self, repo: str) -> list[Commit]:
        """Newest first."""
        query = "select seq, oid, title, message, user, date from commits where repo=? order by seq desc"
        return [Commit(*row) for row in self._rows(query, repo)]

    def head(self, repo: str) -> Commit:
        query = "select seq, oid, title, message, user, date from commits where repo=? order by seq desc limit 1"
        return Commit(*self._rows(query, repo)[0])

    def at(self, repo: str, revision: str) -> Commit:
        """The commit of a branch name or id. Raises Missing."""
        if revision in ("main", "refs/heads/main", "HEAD"):
            return self.head(repo)
        query = "select seq, oid, title, message, user, date from commits where repo=? and oid like ? limit 1"
        rows = self._rows(query, repo, f"{revision}%") if len(revision) >= 7 and revision.isalnum() else []
        if not rows:
            raise Missing("RevisionNotFound")
        return Commit(*rows[0])

    def file(self, repo: str, seq: int, path: str) -> File | None:
        query = (
            "select path, since, oid, sha256, lfs, size from files "
            "where repo=? and path=? and since<=? and (until is null or until>?)"
        )
        rows = self._rows(query, repo, path, seq, seq)
        return File(*rows[0]) if rows else None

    def files(self, repo: str, seq: int, folder: str = "") -> list[File]:
        """Everything below a folder, in the order of paths."""
        low, high = (f"{folder}/", f"{folder}0") if folder else ("", "\U0010ffff")  # "0" follows "/"
        query = (
            "select path, since, oid, sha256, lfs, size from files where repo=? and path>=? and path<? "
            "and since<=? and (until is null or until>?) order by path"
        )
        return [File(*row) for row in self._rows(query, repo, low, high, seq, seq)]

    def _tree(self, repo: str, seq: int, folder: str, recursive: bool) -> tuple[File | tuple[str, str], ...]:
        """Files, and folders as (path, id), as the Hub lists them."""
        found: list[File | tuple[str, str]] = []
        inside: dict[str, list[str]] = {}
        depth = len(folder) + 1 if folder else 0
        for file in self.files(repo, seq, folder):
            parts = file.path[depth:].split("/")
            for level in range(1, len(parts)):
                inside.setdefault(file.path[:depth] + "/".join(parts[:level]), []).append(f"{file.path} {file.oid}")
            if recursive or len(parts) == 1:
                found.append(file)
        folders = inside if recursive else {path: below for path, below in inside.items() if "/" not in path[depth:]}
        found += [(path, hashlib.sha1("\n".join(below).encode()).hexdigest()) for path, below in folders.items()]
        return tuple(sorted(found, key=lambda one: one.path if isinstance(one, File) else one[0]))

    def put(self, content: bytes, path: str = "", lfs: bool = False) -> File:
        """Keep a content; what a commit writes at a path."""
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.blob(sha256)
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content)
        text = pointer(sha256, len(content)) if lfs else content
        return File(path, 0, git_oid(text), sha256, lfs, len(content))

    def blob(self, sha256: str) -> Path:
        return self.blobs / sha256[:2] / sha256

    def apply(self, repo: str, changes: dict[str, File | None], title: str, message: str, user: str, date: str) -> str:
        """Make a commit, whatever the head; its id."""
        with self.lock:
            last = self._rows("select max(seq), oid from commits where repo=?", repo)[0]
            seq = 0 if last[0] is None else last[0] + 1
            oid = hashlib.sha1(f"{repo} {last[1]} {seq} {title} {date} {sorted(changes.items(), key=str)}".encode())
            for path, file in changes.items():
                self.sql.execute(
                    "update files set until=? where repo=? and path=? and until is null", (seq, repo, path)
                )
                if file is not None:
                    row = (repo, path, seq, None, file.oid, file.sha256, int(file.lfs), file.size)
                    self.sql.execute("insert into files values(?,?,?,?,?,?,?,?)", row)
            made = (repo, seq, oid.hexdigest(), title, message, user, date)
            self.sql.execute("insert into commits values(?,?,?,?,?,?,?)", made)
            self.sql.commit()
            return oid.hexdigest()

    def repos(self) -> Sequence[str]:
        return [row[0] for row in self._rows("select id from repos order by id")]


def git_oid(content: bytes) -> str:
    """Git's id of a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    """The text that git holds in place of a file in LFS."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def goes_to_lfs(path: str, size: int) -> bool:
    """As the attributes of a new data set repository, and the limit of the Hub for text, say."""
    return size > 0 and (path.endswith(LFS_ENDINGS) or size > LFS_BYTES)
