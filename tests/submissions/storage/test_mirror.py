"""An arena copied from a folder to the Hub and back: the same bytes, even when cut off; nothing else touched."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from submissions.arena.arena import Arena, open_arena
from submissions.errors import AccessDenied, Conflict, CorruptRecord, NotFound, RateLimited
from submissions.storage import mirror as mirroring
from submissions.storage.local_repo import LocalRepo
from submissions.storage.mirror import REPOSITORIES, DestinationNotEmpty, mirror_arena
from submissions.storage.repo import Change
from tests.support.command_lines import run_command
from tests.support.hub.repositories import new_repo
from tests.support.hub.server import Hub
from tests.support.submission_records import arena_with_tasks, publish, stored

pytestmark = pytest.mark.integration

HUB = "hf://arena/test"
ODD = bytes(range(256)) * 50_000
"""Binary, and large enough for the Hub to know it by its SHA-256."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An arena with a published submission, a benchmark, and a file that goes to LFS."""
    arena = arena_with_tasks(tmp_path / "arena")
    (tmp_path / "work").mkdir()
    publish(arena, stored(arena, tmp_path / "work"))
    put(arena.drafts, "results/one.json", b"{}")
    put(arena.results, "board/dataset_research.parquet", ODD)
    put(LocalRepo(tmp_path / "arena" / "benchmark"), "references/a/test.jsonl", b'{"input": "1", "output": "2"}\n')
    return tmp_path / "arena"


@pytest.fixture
def on_hub(hub: Hub) -> str:
    for name in REPOSITORIES:
        new_repo(hub, f"test-{name}")
    return HUB


def put(repo: object, path: str, content: bytes | None) -> None:
    assert hasattr(repo, "commit")
    repo.commit([Change(path, content)], repo.head())


def tree(arena: Path) -> dict[str, str]:
    """Every file that is part of the arena, with its hash."""
    files = [path for path in arena.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {str(path.relative_to(arena)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_there_and_back_gives_the_same_bytes(folder: Path, on_hub: str, tmp_path: Path) -> None:
    there = mirror_arena(str(folder), on_hub)
    back = mirror_arena(on_hub, str(tmp_path / "back"))
    assert tree(tmp_path / "back") == tree(folder)
    assert len(tree(folder)) == 8
    assert [one.copied for one in there] == [one.copied for one in back] == [1, 2, 1, 4]
    assert [one.repository for one in there] == list(REPOSITORIES)


def test_a_second_run_copies_nothing(folder: Path, on_hub: str, hub: Hub) -> None:
    mirror_arena(str(folder), on_hub)
    before = len([request for request in hub.requests if "/commit/" in request])
    assert [(one.copied, one.commits) for one in mirror_arena(str(folder), on_hub)] == [(0, 0)] * 4
    assert len([request for request in hub.requests if "/commit/" in request]) == before


def test_a_copy_that_was_cut_off_goes_on(
    folder: Path, on_hub: str, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirroring, "MAX_FILES_PER_COMMIT", 2)
    hub.faults.commits = deque(["ok", "ok", "ok", "ok", "429"])
    with pytest.raises(RateLimited):
        mirror_arena(str(folder), on_hub)
    done = {one.repository: one for one in mirror_arena(str(folder), on_hub)}
    assert (done["submissions"].copied, done["results"].copied, done["results"].files) == (0, 2, 4)
    mirror_arena(on_hub, str(tmp_path / "back"))
    assert tree(tmp_path / "back") == tree(folder)


def test_commits_keep_to_their_size(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirroring, "MAX_BYTES_PER_COMMIT", 100)
    results = mirror_arena(str(folder), str(tmp_path / "copy"), only=["results"])[0]
    assert (results.copied, results.commits) == (4, 4), "each of them is larger than a commit may be"
    assert results.bytes > len(ODD)


@pytest.mark.parametrize("there", ["status/other.json", "tasks.jsonl"])
def test_a_place_with_something_else_is_refused_before_anything_is_copied(
    folder: Path, on_hub: str, there: str
) -> None:
    put(open_arena(on_hub).results, there, b"other")
    with pytest.raises(DestinationNotEmpty, match=rf"test-results has 1 file.*{there}.*--update"):
        mirror_arena(str(folder), on_hub)
    assert open_arena(on_hub).submissions.list() == []


def test_update_makes_both_the_same(folder: Path, on_hub: str, tmp_path: Path) -> None:
    mirror_arena(str(folder), on_hub)
    put(open_arena(on_hub).results, "status/other.json", b"other")
    put(open_arena(on_hub).drafts, "results/one.json", b"other")
    put(open_arena(str(folder)).results, "tasks.jsonl", None)
    done = {one.repository: (one.copied, one.deleted) for one in mirror_arena(str(folder), on_hub, update=True)}
    assert done == {"benchmark": (0, 0), "submissions": (0, 0), "drafts": (1, 0), "results": (0, 2)}
    mirror_arena(on_hub, str(tmp_path / "back"))
    assert tree(tmp_path / "back") == tree(folder)


def test_each_place_keeps_its_own_readme(folder: Path, on_hub: str) -> None:
    for arena, text in ((open_arena(on_hub), b"of the Hub"), (open_arena(str(folder)), b"of the folder")):
        put(arena.results, "README.md", text)
    mirror_arena(str(folder), on_hub)
    assert open_arena(on_hub).results.read("README.md") == b"of the Hub"


def test_a_folder_that_is_not_there_deletes_nothing(folder: Path, on_hub: str) -> None:
    mirror_arena(str(folder), on_hub)
    (drafts := folder / "drafts").rename(folder / "elsewhere")
    assert "drafts" not in [one.repository for one in mirror_arena(str(folder), on_hub, update=True)]
    assert open_arena(on_hub).drafts.list() == ["results/one.json"]
    assert not drafts.exists()
    with pytest.raises(NotFound, match="has nothing to copy"):
        mirror_arena(str(folder / "typo"), on_hub, update=True)


def test_a_copy_that_is_not_the_same_is_told(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"

    def damage(what: str, done: int, of: int) -> None:
        del done, of
        if what == "copying results":
            (copy / "drafts/results/one.json").write_bytes(b"[]")

    with pytest.raises(CorruptRecord, match=r"results/one\.json is not the same"):
        mirror_arena(str(folder), str(copy), progress=damage)


def test_a_source_that_moves_on_is_told(folder: Path, tmp_path: Path) -> None:
    arena: Arena = open_arena(str(folder))
    seen: list[str] = []

    def write(what: str, done: int, of: int) -> None:
        del done, of
        if what == "verifying results" and not seen:
            seen.append(what)
            put(arena.results, "status/new.json", b"{}")

    with pytest.raises(Conflict, match=r"changed during the copy.*--update"):
        mirror_arena(str(folder), str(tmp_path / "copy"), progress=write)
    mirror_arena(str(folder), str(tmp_path / "copy"), update=True)
    assert tree(tmp_path / "copy") == tree(folder)


def test_what_the_hub_sends_damaged_is_not_copied(folder: Path, on_hub: str, hub: Hub, tmp_path: Path) -> None:
    mirror_arena(str(folder), on_hub)
    hub.faults.corrupted = {"tasks.jsonl"}
    with pytest.raises(CorruptRecord, match=r"tasks\.jsonl in arena/test-results is not what was committed"):
        mirror_arena(on_hub, str(tmp_path / "back"), only=["results"])
    assert not (tmp_path / "back/results/tasks.jsonl").exists()


def test_a_repository_that_nobody_made_is_told(folder: Path, hub: Hub) -> None:
    with pytest.raises(AccessDenied, match="arena/other-benchmark"):
        mirror_arena(str(folder), "hf://arena/other")
    assert HfApi(hub.url).token is None


def test_the_command_says_what_it_copied(folder: Path, on_hub: str) -> None:
    done = run_command("submissions", "mirror", folder, on_hub)
    assert (done.returncode, done.stderr) == (0, "")
    assert "results: 4 file(s) unchanged; copied 4 (" in done.stdout
    again = run_command("submissions", "mirror", on_hub, folder, "--only", "results", "--json")
    assert json.loads(again.stdout)["repositories"] == [
        {"repository": "results", "files": 4, "copied": 0, "deleted": 0, "bytes": 0, "commits": 0}
    ]
    wrong = run_command("submissions", "mirror", folder, on_hub, "--only", "work")
    assert (wrong.returncode, wrong.stderr) == (
        1,
        "No repository work: there are benchmark, submissions, drafts, results.\n",
    )
