"""Isolates every test from the user's home, environment and network."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.isolation import Guard, isolate_environment

# Before any test module is imported: libraries read their settings when they are.
_HOME = tempfile.TemporaryDirectory(prefix="arena-home-")
isolate_environment(Path(_HOME.name))
_GUARD = Guard()


def pytest_unconfigure() -> None:
    _GUARD.is_active = False
    _HOME.cleanup()


@pytest.fixture(autouse=True)
def isolation() -> Iterator[None]:
    """Restores the environment after each test, and fails one that wanted to reach another machine."""
    before = dict(os.environ)
    _GUARD.refused.clear()
    yield
    os.environ.clear()
    os.environ.update(before)
    assert _GUARD.refused == []
