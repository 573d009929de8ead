"""An arena with the toy track beside DatasetResearch."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from submissions.arena.arena import Arena
from submissions.records.submission import Submission
from tests.support.arena_fixture import fill_with_one
from tests.support.toy_results import START, add_toy_result, add_toy_tasks


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    """An arena of two tracks; the toy one has tasks and no result."""
    arena = fill_with_one(tmp_path / "arena")
    add_toy_tasks(arena)
    return arena


@pytest.fixture
def counted(arena: Arena) -> list[Submission]:
    """Two systems that were evaluated."""
    return [
        add_toy_result(arena, "Abacus", {"small": 3, "large": 700}, START),
        add_toy_result(arena, "Fingers", {"small": 5, "large": 10}, START + timedelta(days=1)),
    ]
