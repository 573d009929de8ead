"""The toy track goes through the check and the storage of submissions without a change to either."""

from __future__ import annotations

from functools import partialmethod
from pathlib import Path

import pytest

from submissions.check_process.messages import StepBegun
from submissions.check_process.read_progress import ReadProgress
from submissions.checking.check import check_sources
from submissions.checking.delivery_budget import DeliveryBudget
from submissions.checking.watcher import CheckStep
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


def test_the_advice_on_size_is_the_payload_s(tmp_path: Path, toy_track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeliveryBudget, "__init__", partialmethod(DeliveryBudget.__init__, limit=3))
    folder = write_integers(tmp_path / "in", {"large": (1,), "small": (1,)})
    (tmp_path / "out").mkdir()
    (error,) = check_sources([folder], TOY_TASKS, into=tmp_path / "out", track=toy_track).errors
    assert error.fix == toy_track.size_fix == "Deliver fewer or smaller files."
    progress = ReadProgress("check", (folder,), TOY_TASKS, tmp_path / "out", toy_track)
    progress.take_message(StepBegun(step=CheckStep(kind="file", index=0, name="large.txt")))
    assert progress.refuse_step("slow")
    assert progress.verdicts[0].problems[0].fix == toy_track.size_fix


def test_a_repair_says_that_there_is_none(tmp_path: Path, toy_track: Track) -> None:
    folder = write_integers(tmp_path / "in", {"small": (1,)})
    (tmp_path / "out").mkdir()
    with pytest.raises(TheirError, match="track toy cannot be repaired"):
        repair_sources([folder], TOY_TASKS, into=tmp_path / "out", track=toy_track)
