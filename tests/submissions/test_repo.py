"""The contract of a repository, for every kind of it: another kind joins by a line in FACTORIES."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from unittest import mock

import pytest

from submissions.errors import Conflict, Corrupt, NotFound
from submissions.local import LocalRepo, write_whole
from submissions.repo import Change, Repo
from tests.submissions.conftest import ROOT

FACTORIES: dict[str, Callable[[Path], Repo]] = {"local": lambda folder: LocalRepo(folder / "repo")}


@pytest.fixture(params=FACTORIES)
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Repo:
    return FACTORIES[request.param](tmp_path)


def put(repo: Repo, **files: str) -> str:
    return repo.commit([Change(path, text.encode()) for path, text in files.items()], repo.head())


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
    assert repo.inside() == ["2026", "z"]
    assert repo.inside("2026") == ["03", "04"]
    repo.commit([Change("2026/03/x/a", None)], repo.head())
    assert repo.inside("2026") == ["04"]
    assert repo.inside("none") == []


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


def test_committers_in_many_processes_lose_nothing(tmp_path: Path) -> None:
    code = """
import sys
from submissions.arena import commit_again
from submissions.local import LocalRepo
from submissions.repo import Change
repo = LocalRepo(sys.argv[1])
for number in range(8):
    commit_again(repo, [Change(f"{sys.argv[2]}/{number}", b"x")], tries=1000)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "repo")]
    children = [subprocess.Popen([*command, f"writer{n}"], cwd=ROOT) for n in range(4)]
    assert [child.wait() for child in children] == [0] * 4
    assert len(LocalRepo(tmp_path / "repo").list()) == 32


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from submissions.local import LocalRepo
from submissions.repo import Change

base, work = Path(sys.argv[1]), Path(sys.argv[2])
step = 0
while True:
    step += 1
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(base, work)
    child = os.fork()
    if child == 0:
        left = step
        def audit(event, arguments):
            global left
            if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree", "fcntl.flock"):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        repo = LocalRepo(work)
        changes = [Change("a", b"new"), Change("b", None), Change("c/d", b"new")]
        head = repo.head()
        sys.addaudithook(audit)
        repo.commit(changes, head)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    repo = LocalRepo(work)
    state = {path: repo.read(path).decode() for path in repo.list()}
    again = repo.commit([Change("after", b"")], repo.head())
    how = "killed" if killed else "done"
    print(step, how, sorted(state.items()), again == repo.head(), (work / ".journal").exists())
    if not killed:
        break
"""


def test_a_writer_killed_at_any_point_leaves_the_state_before_or_after(tmp_path: Path) -> None:
    base = LocalRepo(tmp_path / "base")
    put(base, a="old", b="old")
    command = [sys.executable, "-c", KILLED, str(tmp_path / "base"), str(tmp_path / "work")]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    before, after = str([("a", "old"), ("b", "old")]), str([("a", "new"), ("c/d", "new")])
    states = [line.split(" ", 2) for line in lines]
    assert len(states) > 12, "the commit was killed at too few points to mean anything"
    assert {kind for _, kind, _ in states[:-1]} == {"killed"}
    seen = [rest for _, _, rest in states]
    assert set(seen) == {f"{before} True False", f"{after} True False"}
    assert seen == sorted(seen, reverse=True), "once a commit counts, it stays"


def cut_off(folder: Path, changes: list[Change]) -> None:
    """Leave a complete journal that nobody has carried out yet."""
    repo = LocalRepo(folder)
    with mock.patch.object(LocalRepo, "_roll_forward", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        repo.commit(changes, repo.head())


def test_a_staged_file_that_a_power_loss_took_is_named_and_nothing_is_half_committed(tmp_path: Path) -> None:
    repo = LocalRepo(tmp_path / "repo")
    before = put(repo, a="old", b="old")
    cut_off(repo.folder, [Change("a", b"new"), Change("b", b"new"), Change("c/d", b"new")])
    (repo.folder / ".journal" / "1").unlink()
    for _ in range(2):
        with pytest.raises(Corrupt, match=rf"to repo was cut off and its file b is lost.*{sha256(b'new').hexdigest()}"):
            repo.head()
    assert (repo.folder / "a").read_bytes() == b"old"
    assert (repo.folder / ".head").read_text().strip() == before
    (repo.folder / "b").write_bytes(b"new")
    assert repo.head() != before
    assert [repo.read(path) for path in repo.list()] == [b"new"] * 3


def test_folders_are_kept_before_the_head_counts_and_each_is_synced_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = LocalRepo(tmp_path / "repo")
    put(repo, a="1")
    synced: list[str] = []
    sync = os.fsync

    def watch(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        synced.append(path.relative_to(repo.folder.resolve()).as_posix() if path.is_dir() else path.name[:6])
        sync(handle)

    monkeypatch.setattr(os, "fsync", watch)
    changes = [Change(f"deep/er/{number}", b"x") for number in range(20)]
    repo.commit([*changes, Change("gone/never", None)], repo.head())
    folders, head = synced[20:-2], synced[-2:]  # after the staged files
    assert folders[:4] == [".journal", ".part-", ".journal", "."], "the journal, before anything is moved"
    assert sorted(folders[4:]) == [".", "deep", "deep/er"]
    assert head == [".part-", "."]


def test_a_damaged_head_is_named(tmp_path: Path) -> None:
    put(LocalRepo(tmp_path), a="1")
    (tmp_path / ".head").write_text("nonsense")
    with pytest.raises(Corrupt, match="nonsense"):
        LocalRepo(tmp_path).head()


def test_messages_do_not_say_where_on_this_machine_a_repository_lies(tmp_path: Path) -> None:
    repo = LocalRepo(tmp_path / "repo")
    head = put(repo, a="1")
    messages = []
    for path, parent, kind in (("a", "0" * 64, Conflict), ("a/b", head, ValueError)):
        with pytest.raises(kind) as caught:
            repo.commit([Change(path, b"2")], parent)
        messages.append(str(caught.value))
    (tmp_path / "repo" / ".head").write_text("nonsense")
    with pytest.raises(Corrupt) as corrupt:
        repo.head()
    messages.append(str(corrupt.value))
    assert [("repo" in message, str(tmp_path) in message) for message in messages] == [(True, False)] * 3


def test_a_link_inside_the_folder_is_not_followed(tmp_path: Path) -> None:
    put(LocalRepo(tmp_path / "repo"), a="1")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "repo" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(NotFound):
        LocalRepo(tmp_path / "repo").read("link")


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"old")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"new")
    assert sorted(os.listdir(tmp_path)) == ["a", "folder"]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644
