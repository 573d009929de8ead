"""What only a folder must stand: killed writers, lost power, damaged files, links."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from unittest import mock

import pytest

from submissions.errors import Conflict, CorruptRecord, NotFound
from submissions.storage.atomic import atomic_write
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from tests.support.hub.repositories import put
from tests.support.paths import ROOT

KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change

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


@pytest.mark.integration
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
        with pytest.raises(
            CorruptRecord, match=rf"to repo was interrupted, its file b is lost.*{sha256(b'new').hexdigest()}"
        ):
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
    with pytest.raises(CorruptRecord, match="nonsense"):
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
    with pytest.raises(CorruptRecord) as corrupt:
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
    atomic_write(tmp_path / "a", b"old")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        atomic_write(tmp_path / "folder", b"new")
    assert sorted(os.listdir(tmp_path)) == ["a", "folder"]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.integration
def test_a_large_file_is_committed_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 256 * 2**20)
    code = (
        "import resource, sys; from pathlib import Path;"
        "from submissions.storage.local_repo import LocalRepo; from submissions.storage.repo import Change;"
        "resource.setrlimit(resource.RLIMIT_DATA, (200 * 2**20, 200 * 2**20));"
        "repo = LocalRepo(Path(sys.argv[1]) / 'repo');"
        "repo.commit([Change('data/large', Path(sys.argv[1]) / 'large')], repo.head());"
        "(Path(sys.argv[1]) / 'repo/.ids').unlink(); print(LocalRepo(Path(sys.argv[1]) / 'repo').ids())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "data/large" in done.stdout


def test_a_commit_whose_ids_cannot_be_cached_is_made_all_the_same(tmp_path: Path) -> None:
    repo = LocalRepo(tmp_path)
    (tmp_path / ".ids").mkdir()  # as a full disk does, it lets nothing be written
    head = repo.commit([Change("file", b"x" * 10_000)], repo.head())
    assert repo.head() == head
    assert repo.read("file") == b"x" * 10_000
