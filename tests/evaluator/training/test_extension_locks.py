"""Builds of the trainer's extension that were cut off."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from evaluator.training.rank.extension_locks import extension_dir, remove_stale_locks

pytestmark = pytest.mark.integration


def marked(folder: Path, age: float) -> Path:
    folder.mkdir(parents=True)
    mark = folder / "lock"
    mark.touch()
    os.utime(mark, (time.time() - age, time.time() - age))
    return mark


def test_the_mark_of_a_dead_builder_goes_and_that_of_one_at_work_stays(tmp_path: Path) -> None:
    dead, alive = marked(tmp_path / "py311_cpu" / "shm", age=1000), marked(tmp_path / "py311_cpu" / "other", age=100)
    (built := dead.with_name("shm.so")).touch()
    remove_stale_locks(tmp_path, seconds=300)
    assert (dead.exists(), alive.exists(), built.exists()) == (False, True, True)


def test_where_nothing_was_built_there_is_nothing_to_forget(tmp_path: Path) -> None:
    remove_stale_locks(tmp_path / "none", seconds=300)
    assert not (tmp_path / "none").exists()


def test_marks_are_looked_for_where_pytorch_makes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.utils.cpp_extension import _get_build_directory

    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path))
    assert _get_build_directory("shm", False).startswith(str(extension_dir()))
    monkeypatch.delenv("TORCH_EXTENSIONS_DIR")
    monkeypatch.setattr("torch.utils.cpp_extension.get_default_build_root", lambda: str(tmp_path / "root"))
    assert _get_build_directory("shm", False).startswith(str(extension_dir()))
