"""The toy track, registered for one test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from evaluator.tracks import SCORERS
from leaderboard.tracks import BOARDS
from submissions.records.task import Task
from submissions.tracks import TRACKS
from submissions.tracks.track import Track
from tests.tracks import toy_board, toy_evaluator, toy_submissions


def register_toy_track(monkeypatch: pytest.MonkeyPatch) -> Track:
    """Put the toy track into the dicts of tracks, for as long as the test runs."""
    monkeypatch.setitem(TRACKS, "toy", toy_submissions.TRACK)
    monkeypatch.setitem(SCORERS, "toy", toy_evaluator.SCORER)
    monkeypatch.setitem(BOARDS, "toy", toy_board.BOARD)
    return toy_submissions.TRACK


def make_toy_task(name: str) -> Task:
    """A task of the toy track."""
    return Task(
        id=name, track="toy", title=name, category="integers", kind="all", language="en", subsets=("all",),
        metric="sum", demand="I need integers.",
    )  # fmt: skip


TOY_TASKS = (make_toy_task("small"), make_toy_task("large"))


def write_integers(folder: Path, numbers: Mapping[str, tuple[int, ...]]) -> Path:
    """A delivery of integers, as a submitter makes it."""
    folder.mkdir(parents=True, exist_ok=True)
    for task, its in numbers.items():
        (folder / f"{task}.txt").write_text("".join(f"{number}\n" for number in its))
    return folder
