from __future__ import annotations

import logging
import os
import runpy
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from submissions.arena.arena import open_arena
from submissions.storage.atomic import atomic_write
from submissions.storage.local_repo import LocalRepo
from submissions.storage.private_files import is_exposed, make_dirs, make_private_dir
from submissions.storage.repo import Change


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def open_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that every user may enter, as far as `is_exposed` is told of the folders above it."""
    folder = tmp_path / "a b"
    folder.mkdir()
    folder.chmod(0o755)
    theirs = Path.stat

    def stat_as_in_a_public_place(path: Path, **settings: bool) -> os.stat_result:
        found = theirs(path, **settings)
        if path in folder.parents:
            return os.stat_result((found.st_mode | 0o055, *found[1:]))
        return found

    monkeypatch.setattr(Path, "stat", stat_as_in_a_public_place)
    return folder


def modes(folder: Path) -> dict[str, set[int]]:
    """Modes of all files, and of all folders with the first."""
    every = [folder, *folder.rglob("*")]
    kinds = {"files": [one for one in every if one.is_file()], "folders": [one for one in every if one.is_dir()]}
    return {kind: {stat.S_IMODE(one.stat().st_mode) for one in found} for kind, found in kinds.items()}


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(("name", "file", "folder"), [("drafts", 0o600, 0o700), ("results", 0o644, 0o755)])
def test_a_repository_s_files_have_the_mode_of_its_kind(tmp_path: Path, name: str, file: int, folder: int) -> None:
    """By content and by path, small and large, new and replaced, with the caches and locks."""
    repo = getattr(open_arena(str(tmp_path / "arena")), name)
    source = tmp_path / "rows.jsonl"
    source.write_bytes(b"x" * 9000)
    source.chmod(0o666)
    head = repo.commit([Change("a/b/c.json", b"{}"), Change("rows.jsonl", source)], repo.head())
    repo.commit([Change("a/b/c.json", b"[]"), Change("d/e.bin", b"y" * 9000)], head)
    assert {".head", ".lock", ".ids"} <= set(os.listdir(repo.folder))
    assert modes(repo.folder) == {"files": {file}, "folders": {folder}}


@pytest.mark.usefixtures("umask")
def test_a_file_written_whole_is_private_and_so_are_its_folders(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"")
    (tmp_path / "old").chmod(0o644)
    for file in (tmp_path / "new" / "deep" / "file", tmp_path / "old"):
        atomic_write(file, b"hidden")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert modes(tmp_path / "new")["folders"] == {0o700}


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError):
        make_dirs(tmp_path / "file", 0o700)
    with pytest.raises(NotADirectoryError):
        make_dirs(tmp_path / "file" / "below", 0o700)


def test_a_wider_folder_is_named_once_with_the_command(open_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            LocalRepo(open_folder)
            make_private_dir(open_folder)
        LocalRepo(open_folder, is_public=True)
    (record,) = caplog.records
    assert f"Other users of this machine can enter {open_folder}" in record.message
    assert record.message.endswith(f"chmod -R go= '{open_folder}'")


@pytest.mark.parametrize("mode", [0o700, 0o711, 0o750, 0o755, 0o707])
def test_a_folder_is_exposed_if_others_can_enter_it(open_folder: Path, mode: int) -> None:
    open_folder.chmod(mode)
    assert is_exposed(open_folder) == (mode != 0o700)


def test_a_private_folder_above_protects_what_is_below(open_folder: Path) -> None:
    inner = open_folder / "inner"
    inner.mkdir(mode=0o755)
    inner.chmod(0o755)
    assert is_exposed(inner)
    open_folder.chmod(0o700)
    assert not is_exposed(inner)
    assert not is_exposed(open_folder / "missing")


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("module", ["curation", "evaluator", "leaderboard"])
def test_a_command_of_an_organiser_creates_private_files(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of libraries, which set no mode: databases, logs, caches, models."""
    masks = []

    def note_mask(*_: object) -> int:
        masks.append(os.umask(0))
        os.umask(masks[-1])
        return 0

    monkeypatch.setattr("submissions.cli.runtime.run_app", note_mask)
    monkeypatch.setattr(sys, "argv", [module])
    with pytest.raises(SystemExit):
        runpy.run_module(module, run_name="__main__")
    assert masks == [0o077]
