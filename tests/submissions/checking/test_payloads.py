"""Payloads of several files for a task, of files for no task, and of parts that need each other."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from submissions.arena.arena import open_arena
from submissions.check_process.delivery_check import DeliveryCheck
from submissions.checking.check import check_sources
from submissions.records.check_report import Report
from submissions.submitting.download import download_submission
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS
from tests.support.folder_track import ABORT, TRACK
from tests.support.toy_track import make_toy_task

TASKS = tuple(make_toy_task(name).model_copy(update={"track": "folders"}) for name in ("one", "two"))
GOOD = {"one/plan.json": b"{}", "one/process.py": b"pass", "corpus.txt": b"a\nb\n"}


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(TRACKS, "folders", TRACK)
    (tmp_path / "into").mkdir()
    return tmp_path


def deliver(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def check(folder: Path, files: Mapping[str, bytes]) -> Report:
    return check_sources([deliver(folder / "in", files)], TASKS, into=folder / "into", track=TRACK)


def list_stored(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("around", ["", "delivery/"])
def test_files_keep_their_folders_whatever_folder_is_around_them(folders: Path, around: str) -> None:
    report = check(folders, {around + name: content for name, content in GOOD.items()})
    assert report.accepted, report.errors
    assert {(file.kind, file.task, file.path) for file in report.files} == {
        ("recipe", "one", "data/one/plan.json"),
        ("recipe", "one", "data/one/process.py"),
        ("corpus", None, "data/corpus.txt"),
    }
    assert report.missing == ("two",)
    assert list_stored(folders / "into") == sorted(GOOD)


def test_a_zip_of_one_task_s_folder_is_not_stripped_of_it(folders: Path) -> None:
    with zipfile.ZipFile(folders / "in.zip", "w") as archive:
        archive.writestr("one/plan.json", "{}")
        archive.writestr("one/process.py", "pass")
    report = check_sources([folders / "in.zip"], TASKS, into=folders / "into", track=TRACK)
    assert [file.path for file in report.files] == ["data/one/plan.json", "data/one/process.py"]


def test_faults_of_names_files_and_the_whole_are_all_listed(folders: Path) -> None:
    files = {"one/plan.json": b"bad", "two/process.py": b"pass", "three/plan.json": b"{}", "one/deep/plan.json": b"{}"}
    report = check(folders, {**files, "notes.txt": b"x"})
    assert [(one.file, one.what) for one in report.errors] == [
        ("notes.txt", "This is no part of a recipe."),
        ("one", "The recipe has no process.py."),
        ("one/deep/plan.json", "The file is in a nested folder."),
        ("one/plan.json", "The part is bad."),
        ("three/plan.json", "There is no task 'three'."),
        ("two", "The recipe has no plan.json."),
    ]
    assert list_stored(folders / "into") == ["two/process.py"]


def test_a_second_file_of_one_name_is_refused(folders: Path) -> None:
    sources = [deliver(folders / name, {"corpus.txt": b"a"}) for name in ("in", "more")]
    report = check_sources(sources, TASKS, into=folders / "into", track=TRACK)
    assert [one.what for one in report.errors] == ["corpus.txt is for the same purpose."]


def test_folders_are_stored_and_downloaded_as_they_are(folders: Path) -> None:
    arena = open_arena(str(folders / "arena"))
    report = check(folders, GOOD)
    form = SubmissionForm.from_form({"system": "S", "system_type": "counting", "team": "T", "submitter": "A"})
    submission = store_submission(arena, report, folders / "into", form, datetime(2026, 3, 4, tzinfo=UTC))
    contents = {file.path.removeprefix("data/"): arena.read_artifact(submission, file) for file in submission.files}
    assert contents == GOOD
    download_submission(arena, submission.id, folders / "copy")
    assert list_stored(folders / "copy" / "data") == sorted(GOOD)


@pytest.mark.integration
def test_a_process_of_its_own_checks_them_too(folders: Path) -> None:
    source = deliver(folders / "in", GOOD)
    with DeliveryCheck() as reading:
        report = reading.check_sources([source], TASKS, into=folders / "into", track=TRACK)
        assert reading.sample_rows(report, (), into=folders / "into") == []
    assert report.accepted
    assert list_stored(folders / "into") == sorted(GOOD)


@pytest.mark.integration
def test_a_comparison_that_ends_the_process_is_the_delivery_s_fault(folders: Path) -> None:
    source = deliver(folders / "in", {**GOOD, "one/plan.json": ABORT})
    with DeliveryCheck() as reading:
        report = reading.check_sources([source], TASKS, into=folders / "into", track=TRACK)
    assert [(one.file, one.what) for one in report.errors] == [("", "It cannot be read: it is damaged or encrypted.")]
