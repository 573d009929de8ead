"""Temporary folders: removed by their process, and by a later one if it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from submissions.storage.temp_folder import TempFolder, remove_abandoned_folders
from tests.support.paths import ROOT

OLD = 1_000_000_000


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_removed_with_its_contents(temporary: Path) -> None:
    with TempFolder() as folder:
        (folder / "file").write_text("text")
        assert folder.parent == temporary
    assert list(temporary.iterdir()) == []


def test_a_folder_in_use_stays(temporary: Path) -> None:
    with TempFolder() as folder:
        os.utime(folder, (OLD, OLD))
        remove_abandoned_folders()
        assert list(temporary.iterdir()) == [folder]


def test_other_folders_and_new_ones_stay(temporary: Path) -> None:
    other, new, link = temporary / "other", temporary / "arena-check-new", temporary / "arena-check-link"
    other.mkdir()
    new.mkdir()
    link.symlink_to(other)
    os.utime(other, (OLD, OLD))
    remove_abandoned_folders()
    assert other.is_dir()
    assert new.is_dir()
    assert link.is_symlink()


@pytest.mark.integration
def test_the_folder_of_a_killed_process_is_removed_when_another_starts(temporary: Path) -> None:
    code = (
        "from submissions.storage.temp_folder import TempFolder; folder = TempFolder();"
        "(folder.path / 'file').write_text('text'); print(folder.path, flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    os.utime(folder, (OLD, OLD))
    remove_abandoned_folders()
    assert folder.is_dir()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    remove_abandoned_folders()
    assert not folder.exists()
