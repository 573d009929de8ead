"""The toy track goes through the check and the storage of submissions without a change to either."""

from __future__ import annotations

from pathlib import Path

import pytest

from submissions.checking.check import check_sources
from submissions.errors import TheirError
from submissions.repair.repair import repair_sources
from submissions.tracks.track import Track
from tests.support.toy_track import TOY_TASKS, write_integers


def test_a_sound_delivery_is_accepted(tmp_path: Path, toy_track: Track) -> None:
    folder = write_integers(tmp_path / "in", {"small": (1, 2), "large": (-5, 700)})
    (tmp_path / "out").mkdir()
    report = check_sources([folder], TOY_TASKS, into=tmp_path / "out", track=toy_track)
    assert report.accepted
    assert [(file.kind, file.task, file.path, file.rows) for file in report.files] == [
        ("integers", "large", "data/large.txt", 2),
        ("integers", "small", "data/small.txt", 2),
    ]
    assert (tmp_path / "out/large.txt").read_text() == "-5\n700\n"


def test_every_fault_is_listed_with_its_line(tmp_path: Path, toy_track: Track) -> None:
    folder = write_integers(tmp_path / "in", {"small": (1,)})
    (folder / "large.txt").write_text("1\ntwo\n")
    (folder / "huge.txt").write_text("1\n")
    (folder / "small.jsonl").write_text("1\n")
    (folder / "metadata.jsonl").write_text("{}\n")
    (tmp_path / "out").mkdir()
    report = check_sources([folder], TOY_TASKS, into=tmp_path / "out", track=toy_track)
    assert [(one.file, one.line, one.what) for one in report.errors] == [
        ("huge.txt", None, "There is no task 'huge'."),
        ("large.txt", 2, "The line is no integer."),
        ("metadata.jsonl", None, "The file name is not <task id>.txt."),
        ("small.jsonl", None, "The file name is not <task id>.txt."),
    ]
    assert [file.task for file in report.files] == ["small"]
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["small.txt"]


def test_a_repair_says_that_there_is_none(tmp_path: Path, toy_track: Track) -> None:
    folder = write_integers(tmp_path / "in", {"small": (1,)})
    (tmp_path / "out").mkdir()
    with pytest.raises(TheirError, match="track toy cannot be repaired"):
        repair_sources([folder], TOY_TASKS, into=tmp_path / "out", track=toy_track)
