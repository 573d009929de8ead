"""A coordinator whose disk is full: a real file system of a few hundred kilobytes where one may be mounted."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.hub_evaluators import Arenas, Station, all_is_well

pytestmark = pytest.mark.integration


@pytest.fixture
def arenas(hub: Hub, tmp_path: Path) -> Arenas:
    return Arenas(hub, tmp_path)


@pytest.fixture
def small(arenas: Arenas) -> Iterator[Path]:
    """The work folder of a station, on a disk of its own."""
    folder = arenas.folder / "one"
    folder.mkdir()
    mount = shutil.which("mount") or "mount"
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip(f"NO SMALL DISK: {done.stderr.decode().strip()}; run as one who may mount to test a full disk")
    yield folder
    subprocess.run([shutil.which("umount") or "umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_our_failure_and_with_room_again_all_is_published(arenas: Arenas, small: Path) -> None:
    submission = arenas.submit()
    ballast = small / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(os.urandom(4096))
    coordinator = arenas.station().run()
    now = arenas.seen().read_history(submission.id).now
    assert list(coordinator.failed) == [submission.id]
    assert (now.state, now.fault) == ("failed", "evaluator")
    assert now.message == "The evaluator's machine failed: No space left on device."
    ballast.unlink()
    arenas.station().run()
    all_is_well(arenas, submission.id)


def test_a_write_that_finds_no_room_is_our_failure(arenas: Arenas, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without a disk of its own: the store of stages finds no room from its third file on."""
    submission, station = arenas.submit(), arenas.station()
    with monkeypatch.context() as patch:
        _full_after(patch, station, 3)
        coordinator = station.run()
    now = arenas.seen().read_history(submission.id).now
    assert list(coordinator.failed) == [submission.id]
    assert (now.state, now.message) == ("failed", "The evaluator's machine failed: No space left on device.")
    arenas.station().run()
    all_is_well(arenas, submission.id)


def _full_after(monkeypatch: pytest.MonkeyPatch, station: Station, files: int) -> None:
    import evaluator.runtime.stage_cache

    real, written = evaluator.runtime.stage_cache.atomic_write, list[Path]()

    def write(path: Path, content: bytes) -> None:
        if path.is_relative_to(station.work) and len(written) >= files:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        written.append(path)
        real(path, content)

    monkeypatch.setattr(evaluator.runtime.stage_cache, "atomic_write", write)
