"""A damaged journal or head: what counts, what the log names, and the remedy."""

from __future__ import annotations

import errno
import hashlib
import json
from pathlib import Path

import pytest

from submissions.errors import Conflict, CorruptRecord
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from tests.support.command_lines import run_command

HEAD = "a" * 64
PLANS = {
    "empty": b"",
    "half": b'{"head": "' + b"a" * 40,
    "zeros": b"\0" * 120,
    "no object": b"[]",
    "null": b"null",
    "another type": b'{"head": 1, "plan": "x"}',
    "no plan": json.dumps({"head": HEAD}).encode(),
    "unknown field": json.dumps({"head": HEAD, "plan": [], "more": 1}).encode(),
    "short head": json.dumps({"head": "aa", "plan": []}).encode(),
    "two parts": json.dumps({"head": HEAD, "plan": [["a", "0"]]}).encode(),
    "number for a path": json.dumps({"head": HEAD, "plan": [[1, "0", HEAD]]}).encode(),
    "path outside": json.dumps({"head": HEAD, "plan": [["../a", "0", HEAD]]}).encode(),
    "staged outside": json.dumps({"head": HEAD, "plan": [["a", "../../a", HEAD]]}).encode(),
    "not utf-8": b'{"head": "\xff\xfe"}',
    "deep": b"[" * 100_000,
}


def filled(folder: Path) -> str:
    repo = LocalRepo(folder)
    return repo.commit([Change("a", b"old"), Change("deep/b", b"old")], repo.head())


@pytest.mark.parametrize("kind", PLANS)
def test_a_damaged_journal_counts_as_none_and_is_named(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    head = filled(tmp_path / "repo")
    journal = tmp_path / "repo" / ".journal"
    journal.mkdir()
    (journal / "0").write_bytes(b"new")
    (journal / "changes.json").write_bytes(PLANS[kind])
    repo = LocalRepo(tmp_path / "repo")
    assert repo.read("a") == b"old"
    assert repo.head() == head
    assert str(journal / "changes.json") in caplog.text
    assert not journal.exists()
    assert repo.commit([Change("a", b"newer")], head) != head
    assert repo.read("a") == b"newer"


def test_a_journal_of_an_earlier_version_is_carried_out(tmp_path: Path) -> None:
    filled(tmp_path / "repo")
    journal = tmp_path / "repo" / ".journal"
    journal.mkdir()
    (journal / "0").write_bytes(b"new")
    plan = [["a", "0", hashlib.sha256(b"new").hexdigest()], ["deep/b", None, None]]
    (journal / "changes.json").write_text(json.dumps({"head": HEAD, "plan": plan}))
    repo = LocalRepo(tmp_path / "repo")
    assert (repo.head(), repo.list(), repo.read("a")) == (HEAD, ["a"], b"new")


def test_a_staged_file_that_is_not_whole_is_never_moved_into_place(tmp_path: Path) -> None:
    filled(tmp_path / "repo")
    journal = tmp_path / "repo" / ".journal"
    journal.mkdir()
    (journal / "0").write_bytes(b"ne")
    plan = [["a", "0", hashlib.sha256(b"new").hexdigest()]]
    (journal / "changes.json").write_text(json.dumps({"head": HEAD, "plan": plan}))
    with pytest.raises(CorruptRecord, match="its file a is lost"):
        LocalRepo(tmp_path / "repo").read("a")
    assert (tmp_path / "repo" / "a").read_bytes() == b"old"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("step", ["_stage_content", "os.posix_fallocate", "atomic_write", "_hash_file", "fsync_dir"])
def test_a_disk_that_fails_before_the_plan_is_whole_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, step: str
) -> None:
    head = filled(tmp_path / "repo")
    before = sorted(path for path in (tmp_path / "repo").rglob("*"))
    repo = LocalRepo(tmp_path / "repo")

    def fail(*_: object) -> None:
        raise OSError(code, "the disk")

    with monkeypatch.context() as failing:
        failing.setattr(f"submissions.storage.local_repo.{step}", fail)
        with pytest.raises(OSError, match="the disk"):
            repo.commit([Change("a", b"new"), Change("new/c", tmp_path / "repo" / "a")], head)
    assert sorted(path for path in (tmp_path / "repo").rglob("*")) == before
    assert (repo.head(), repo.read("a")) == (head, b"old")
    repo.commit([Change("a", b"new")], head)


def test_a_commit_whose_cache_cannot_be_written_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    head = filled(tmp_path / "repo")
    repo = LocalRepo(tmp_path / "repo")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "the disk")

    monkeypatch.setattr("submissions.storage.local_repo._file_stamp", fail)
    assert repo.commit([Change("a", b"new" * 5000)], head) == LocalRepo(tmp_path / "repo").head() != head
    assert "its .ids cache is not" in caplog.text


@pytest.mark.parametrize("content", [b"", b"nonsense\n", b"\0" * 65, b"a" * 63, b"\xff\xfe" * 32])
def test_a_damaged_head_names_a_remedy_that_works(tmp_path: Path, content: bytes) -> None:
    old = filled(tmp_path / "repo")
    (tmp_path / "repo" / ".head").write_bytes(content)
    repo = LocalRepo(tmp_path / "repo")
    with pytest.raises(CorruptRecord, match=r"repo/\.head .*python -m submissions repair-head DIR"):
        repo.head()
    new = repo.repair_head()
    assert new not in (None, old, "0" * 64)
    assert LocalRepo(tmp_path / "repo").head() == new
    assert repo.list() == ["a", "deep/b"]
    with pytest.raises(Conflict):
        repo.commit([Change("c", b"1")], old)
    assert repo.commit([Change("c", b"1")], str(new)) != new
    assert repo.repair_head() is None


@pytest.mark.integration
def test_the_command_repairs_each_damaged_head_and_no_other(tmp_path: Path) -> None:
    good = filled(tmp_path / "results")
    filled(tmp_path / "submissions")
    (tmp_path / "submissions" / ".head").write_bytes(b"")
    status = ("submissions", "status", "01K9ZZZZZZZZZZZZZZZZZZZZZZ", "--arena", tmp_path)
    done = run_command("submissions", "repair-head", tmp_path, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"repaired": ["submissions"]})
    assert LocalRepo(tmp_path / "results").head() == good
    assert run_command("submissions", "repair-head", tmp_path).stdout == "No head is damaged.\n"
    assert "head" not in run_command(*status).stderr
    assert run_command("submissions", "repair-head", tmp_path / "results").returncode == 1
