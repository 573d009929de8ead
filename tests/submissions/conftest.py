from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hub.fixtures import hub as hub
from tests.support.paths import SHARED_DATA
from tests.support.submission_inputs import Checker


@pytest.fixture
def checker(tmp_path: Path) -> Checker:
    for name in ("delivered", "into"):
        (tmp_path / name).mkdir()
    return Checker(tmp_path / "delivered", tmp_path / "into")


@pytest.fixture(scope="session")
def malformed() -> Path:
    shared = SHARED_DATA
    folder = shared / "submissions" / "malformed"
    if not folder.is_dir():
        pytest.skip(f"NO REAL MALFORMED FILES: {folder} is absent; set ARENA_SHARED_DATA to test against them")
    return folder
