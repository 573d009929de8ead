"""The contract of a repository, the same for every kind of it: another kind joins by a line in STORES."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from submissions.arena.arena import commit_with_retry
from submissions.errors import Conflict, NotFound
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.hub import HubRepo
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change, Repo
from tests.support.hub.repositories import new_repo, put
from tests.support.hub.server import Hub
from tests.support.paths import ROOT


@dataclass(frozen=True)
class Store:
    """Where a repository lies: opened again and again, here and in other processes."""

    open: Callable[[], Repo]
    source: str
    """The expression that opens it."""


def local(folder: Path, request: pytest.FixtureRequest) -> Store:
    del request
    return Store(
        lambda: LocalRepo(folder / "repo"), f"submissions.storage.local_repo.LocalRepo({str(folder / 'repo')!r})"
    )


def on_hub(folder: Path, request: pytest.FixtureRequest) -> Store:
    hub: Hub = request.getfixturevalue("hub")
    repo_id = new_repo(hub)
    pace = "submissions.storage.commit_rate.CommitRateLimit(per_hour=10_000)"
    source = f"submissions.storage.hub.HubRepo({repo_id!r}, pace={pace})"
    return Store(lambda: HubRepo(repo_id, pace=CommitRateLimit(per_hour=10_000), cache=folder / "cache"), source)


STORES = {"local": local, "hub": on_hub}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return STORES[request.param](tmp_path, request)


@pytest.fixture
def repo(store: Store) -> Repo:
    return store.open()


def test_an_empty_repository_has_a_head_and_no_files(repo: Repo) -> None:
    assert repo.head()
    assert repo.list() == []


def test_what_is_committed_is_read_back(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"from a file")
    changes = [Change("a.json", b"\0bytes"), Change("deep/er/b.jsonl", tmp_path / "source")]
    head = repo.commit(changes, repo.head())
    assert repo.head() == head
    assert repo.read("a.json") == b"\0bytes"
    assert repo.read("deep/er/b.jsonl") == b"from a file"
    assert repo.list() == ["a.json", "deep/er/b.jsonl"]


def test_a_commit_replaces_and_deletes(repo: Repo) -> None:
    first = put(repo, a="1", b="1")
    second = repo.commit([Change("a", b"2"), Change("b", None), Change("never", None)], first)
    assert second != first
    assert repo.list() == ["a"]
    assert repo.read("a") == b"2"


def test_a_listing_names_contents_as_git_does(repo: Repo) -> None:
    put(repo, a="same", b="same", c="other", **{"deep/d": "long" * 2000})
    found = repo.ids()
    assert list(found) == ["a", "b", "c", "deep/d"]
    assert found["a"] == found["b"] == "5a66c000ab56fb7018b5ec24cdb24c94c00e2142"
    assert found["c"] != found["a"]
    assert repo.ids("deep/") == {"deep/d": found["deep/d"]}
    put(repo, c="same", **{"deep/d": "gone" * 2000})
    assert repo.ids()["c"] == found["a"]
    assert repo.ids()["deep/d"] != found["deep/d"]
    assert repo.ids("none/") == {}


def test_a_folder_is_listed_without_what_lies_below(repo: Repo) -> None:
    repo.commit([Change(path, b"") for path in ("2026/03/x/a", "2026/04/y/b", "z")], repo.head())
    assert repo.list_dir() == ["2026", "z"]
    assert repo.list_dir("2026") == ["03", "04"]
    repo.commit([Change("2026/03/x/a", None)], repo.head())
    assert repo.list_dir("2026") == ["04"]
    assert repo.list_dir("none") == []


def test_a_local_listing_sees_what_was_changed_by_hand_and_survives_lost_notes(tmp_path: Path) -> None:
    local = LocalRepo(tmp_path / "repo")
    put(local, big="x" * 9000)
    first = local.ids()["big"]
    assert LocalRepo(tmp_path / "repo").ids() == {"big": first}
    (tmp_path / "repo/big").write_text("y" * 9001)
    assert local.ids()["big"] != first
    assert LocalRepo(tmp_path / "repo").ids() == local.ids()
    (tmp_path / "repo/.ids").write_text("cut off")
    assert LocalRepo(tmp_path / "repo").ids() == local.ids()


def test_paths_are_listed_by_prefix(repo: Repo) -> None:
    repo.commit([Change(path, b"") for path in ("status/1.json", "status/2.json", "statuses", "x")], repo.head())
    assert repo.list("status/") == ["status/1.json", "status/2.json"]
    assert repo.list("status") == ["status/1.json", "status/2.json", "statuses"]
    assert repo.list("status/2") == ["status/2.json"]
    assert repo.list("none/") == []


def test_a_commit_on_an_old_head_is_a_conflict_and_changes_nothing(repo: Repo) -> None:
    old = repo.head()
    put(repo, a="1")
    with pytest.raises(Conflict):
        repo.commit([Change("a", b"2"), Change("b", b"2")], old)
    assert repo.list() == ["a"]
    assert repo.read("a") == b"1"


def test_a_missing_file_is_not_found(repo: Repo) -> None:
    put(repo, **{"folder/a": "1"})
    for path in ("b", "folder", "folder/b"):
        with pytest.raises(NotFound):
            repo.read(path)


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a/", "../a", "a/../b", "a//b", ".head", "a/.lock", "a\\b", "a b", "a\n", "é", "a/" + "b" * 151],
)
def test_no_path_leaves_the_repository(repo: Repo, path: str) -> None:
    with pytest.raises(ValueError, match="is not a repository path"):
        repo.read(path)
    with pytest.raises(ValueError, match="is not a repository path"):
        repo.commit([Change(path, b"")], repo.head())
    assert repo.list() == []


def test_a_commit_that_names_a_path_twice_is_a_mistake(repo: Repo) -> None:
    with pytest.raises(ValueError, match="twice"):
        repo.commit([Change("a", b"1"), Change("a", b"2")], repo.head())


@pytest.mark.parametrize(("there", "added"), [("a/b", ["a"]), ("a", ["a/b"]), ("x", ["a", "a/b"])])
def test_a_path_that_is_file_and_folder_at_once_harms_nothing(repo: Repo, there: str, added: list[str]) -> None:
    put(repo, **{there: "1"})
    with pytest.raises(ValueError, match="file and a folder"):
        repo.commit([Change(path, b"2") for path in added], repo.head())
    assert repo.list() == [there]
    put(repo, other="1")


def test_a_source_that_cannot_be_read_leaves_the_repository_as_it_was(repo: Repo, tmp_path: Path) -> None:
    head = put(repo, a="1")
    with pytest.raises(FileNotFoundError):
        repo.commit([Change("a", b"2"), Change("b", tmp_path / "absent")], head)
    assert (repo.head(), repo.list(), repo.read("a")) == (head, ["a"], b"1")


def test_another_handle_sees_what_was_committed_once_it_asks_for_the_head(store: Store) -> None:
    one, other = store.open(), store.open()
    put(one, a="1", b="1")
    assert (other.head(), other.list()) == (one.head(), ["a", "b"])
    one.commit([Change("a", b"2"), Change("b", None), Change("deep/c", b"3")], one.head())
    assert other.head() == one.head()
    assert other.list() == ["a", "deep/c"]
    assert (other.read("a"), other.read("deep/c")) == (b"2", b"3")
    put(other, d="4")
    assert one.head() == other.head()
    assert one.ids().keys() == other.ids().keys() == {"a", "d", "deep/c"}


def test_a_commit_of_what_is_there_already_still_compares_the_head(store: Store) -> None:
    one, other = store.open(), store.open()
    old = put(one, claim="running")
    assert other.head() == old
    new = put(other, claim="running")
    assert new != old
    with pytest.raises(Conflict):
        one.commit([Change("claim", b"running")], old)
    assert one.head() == new


def test_ids_tell_which_contents_changed(store: Store) -> None:
    repo, other = store.open(), store.open()
    put(repo, **{"a": "1", "b": "1", "deep/c": "1", "deep/er/d": "1"})
    assert other.ids().keys() == {"a", "b", "deep/c", "deep/er/d"}
    before = repo.ids()
    assert list(before) == repo.list()
    other.commit([Change("a", b"2"), Change("b", None), Change("deep/e", b"2")], other.head())
    repo.head()
    after = repo.ids()
    assert after.keys() == {"a", "deep/c", "deep/e", "deep/er/d"}
    assert {path for path in after if before.get(path) != after[path]} == {"a", "deep/e"}
    assert repo.ids("deep/") == {path: after[path] for path in ("deep/c", "deep/e", "deep/er/d")}
    assert repo.ids("deep/e") == {path: after[path] for path in ("deep/e", "deep/er/d")}
    assert repo.ids("none/") == {}


def test_many_files_are_listed_in_order(store: Store) -> None:
    paths = sorted(f"{folder}/{number:03}" for folder in ("a", "a-b", "a.b") for number in range(70))
    put(store.open(), **dict.fromkeys(paths, "x"))
    repo = store.open()
    assert repo.list() == paths
    assert repo.list("a/") == [path for path in paths if path.startswith("a/")]
    assert store.open().list("a-b/06") == [f"a-b/{number:03}" for number in range(60, 70)]


def test_a_large_binary_file_is_read_back(repo: Repo, tmp_path: Path) -> None:
    content = bytes(range(256)) * 2000
    (tmp_path / "table").write_bytes(content)
    repo.commit([Change("board/x.parquet", tmp_path / "table"), Change("empty.parquet", b"")], repo.head())
    assert repo.read("board/x.parquet") == content
    assert repo.read("empty.parquet") == b""


def test_threads_that_share_a_handle_take_turns_and_lose_nothing(repo: Repo) -> None:
    def write(writer: int) -> None:
        for number in range(3):
            commit_with_retry(repo, [Change(f"{writer}/{number}", b"x")], tries=1)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(repo.list()) == 24


@pytest.mark.integration
def test_committers_in_many_processes_lose_nothing(store: Store) -> None:
    code = f"""
import sys
import submissions.storage.hub, submissions.storage.local_repo, submissions.storage.commit_rate
from submissions.arena.arena import commit_with_retry
from submissions.storage.repo import Change
repo = {store.source}
for number in range(8):
    commit_with_retry(repo, [Change(f"{{sys.argv[1]}}/{{number}}", b"x")], tries=1000)
"""
    children = [subprocess.Popen([sys.executable, "-c", code, f"writer{n}"], cwd=ROOT) for n in range(4)]
    assert [child.wait() for child in children] == [0] * 4
    assert len(store.open().list()) == 32


@pytest.mark.integration
def test_a_count_that_many_processes_raise_is_right(store: Store) -> None:
    code = f"""
import submissions.storage.hub, submissions.storage.local_repo, submissions.storage.commit_rate
from submissions.errors import Conflict
from submissions.storage.repo import Change
repo = {store.source}
done = 0
while done < 5:
    head = repo.head()
    try:
        repo.commit([Change("count", str(int(repo.read("count")) + 1).encode())], head)
        done += 1
    except Conflict:
        continue
"""
    put(store.open(), count="0")
    children = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(3)]
    assert [child.wait() for child in children] == [0] * 3
    assert store.open().read("count") == b"15"
