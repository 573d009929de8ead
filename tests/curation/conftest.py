from __future__ import annotations

from pathlib import Path

import pytest

from curation.layout.benchmark_writer import import_flat
from tests.support.flat_benchmarks import ROWS, TASK, task, write_flat
from tests.support.official_release import write_release


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """A sound flat folder with two tasks."""
    other = task(id="cls-en-sums", category="text_classification", subsets=["full", "pro"])
    return write_flat(tmp_path / "flat", [TASK, other], {"mc-en-sums": ROWS, "cls-en-sums": ROWS})


@pytest.fixture
def imported(flat: Path, tmp_path: Path) -> Path:
    """The benchmark made from it."""
    import_flat(flat, tmp_path / "benchmark")
    return tmp_path / "benchmark"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A sound release with a task of every type."""
    return write_release(tmp_path / "release")
