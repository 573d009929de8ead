"""Isolates every test, and gives each its cost class.

A test is `unit` unless it is marked `integration` (starts processes, or takes seconds) or `slow` (real trainer, engine,
Ray or Chromium). A unit test that starts a process fails. Those marked `full`, too, run in `make test-full` alone: they
are the whole of a sweep of which `make test` runs a part.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.isolation import Guard, isolate_environment

if TYPE_CHECKING:
    from submissions.tracks.track import Track

CLASSES = ("unit", "integration", "slow")
_OF_MODULE = re.compile(r"^pytestmark = .*\bmark\.(integration|slow)\b", re.MULTILINE)
_OF_TEST = re.compile(r"^@pytest\.mark\.(integration|slow)\b", re.MULTILINE)
_TEST = re.compile(r"^def test_", re.MULTILINE)
# Before any test module is imported: libraries read their settings when they are.
_HOME = tempfile.TemporaryDirectory(prefix="arena-home-")
isolate_environment(Path(_HOME.name))
_GUARD = Guard()
# No test cuts the power, and waiting for the disk would take half of the time. Processes that tests start do wait.
os.fsync = lambda fd: None  # noqa: ARG005


def pytest_unconfigure() -> None:
    _GUARD.is_active = False
    _HOME.cleanup()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave modules without a test of the wanted class unread: importing them takes longer than the unit tests do."""
    wanted = config.option.markexpr
    if wanted not in CLASSES or collection_path.name == "support":
        return None
    files = [collection_path] if collection_path.is_file() else collection_path.rglob("test_*.py")
    return None if any(_may_hold(file.read_text(), wanted) for file in files) else True


def _may_hold(source: str, wanted: str) -> bool:
    if wanted != "unit":
        return f"mark.{wanted}" in source
    return not _OF_MODULE.search(source) and len(_TEST.findall(source)) > len(_OF_TEST.findall(source))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        given = {mark.name for mark in item.iter_markers()} & set(CLASSES)
        if len(given) > 1:
            raise pytest.UsageError(
                f"{item.nodeid} is marked {' and '.join(sorted(given))}: a test has one cost class."
            )
        if not given:
            item.add_marker("unit")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _GUARD.processes_allowed = item.get_closest_marker("unit") is None
    try:
        return (yield)
    finally:
        _GUARD.processes_allowed = True


@pytest.fixture
def toy_track(monkeypatch: pytest.MonkeyPatch) -> Track:
    """The toy track (tests/tracks), which exists for this test alone."""
    from tests.support.toy_track import register_toy_track

    return register_toy_track(monkeypatch)


@pytest.fixture(autouse=True)
def isolation() -> Iterator[None]:
    """Restores the environment after each test, and fails one that did what it may not."""
    before = dict(os.environ)
    _GUARD.refused.clear()
    yield
    os.environ.clear()
    os.environ.update(before)
    assert _GUARD.refused == []
