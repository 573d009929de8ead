from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leaderboard.app import make_app
from leaderboard.settings import read_settings
from submissions.arena.arena import open_arena
from submissions.arena.benchmark import open_benchmark
from submissions.errors import CorruptRecord, NewerFormat
from submissions.storage.format_version import FORMAT, PATH, check_format, format_change, read_format
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change

NEWER = json.dumps({"format": FORMAT + 1, "written_by": "a later version"}).encode()
SENTENCE = (
    f"The arena's data is in format {FORMAT + 1}, and this version of the program reads up to format {FORMAT}: "
    "upgrade the program."
)


def store(folder: Path, *changes: Change) -> LocalRepo:
    repo = LocalRepo(folder)
    repo.commit(changes, repo.head())
    return repo


def test_data_without_a_version_is_of_the_first_format(tmp_path: Path) -> None:
    check_format(LocalRepo(tmp_path))
    own = store(tmp_path / "own", format_change())
    check_format(own)
    assert read_format(own) == FORMAT
    assert read_format(store(tmp_path / "first")) == 1
    assert json.loads((tmp_path / "own" / PATH).read_text()) == {"format": FORMAT}


@pytest.mark.parametrize(
    "read",
    [
        lambda folder: open_arena(str(folder)),
        lambda folder: make_app(read_settings({"ARENA": str(folder)})),
        lambda folder: open_benchmark(str(folder / "results")),
    ],
)
def test_newer_data_is_refused_in_one_sentence(tmp_path: Path, read: Callable[[Path], object]) -> None:
    store(tmp_path / "results", Change(PATH, NEWER), Change("tasks.jsonl", b""))
    with pytest.raises(NewerFormat) as refused:
        read(tmp_path)
    assert str(refused.value) == SENTENCE


def test_a_running_web_app_refuses_data_that_was_upgraded_below_it(tmp_path: Path) -> None:
    store(tmp_path / "results", Change("tasks.jsonl", b""))
    site = TestClient(make_app(read_settings({"ARENA": str(tmp_path)})), raise_server_exceptions=False)
    assert site.get("/").status_code == 200
    store(tmp_path / "results", Change(PATH, NEWER))
    assert site.get("/").status_code == 500


def test_a_damaged_version_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorruptRecord, match=r"format\.json"):
        check_format(store(tmp_path, Change(PATH, b"{}")))
