"""Leak screen on real data: planted copies, honest rows, and borderline rows of the data sets themselves.

Run `python -m benchmarks.scoring.leaks [DATA_FOLDER]`; where none is given, the folder is ARENA_SHARED_DATA.
Planted copies and borderline rows of the references' train halves are no leaks: only test rows are hidden.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curation.layout.hash_split import split_side
from evaluator.stages.screen import ScreenResult, screen_rows
from submissions.records.task import Row
from submissions.storage.codec import parse_lines

HONEST = ("self-train", "search-close", "search-loose")


@dataclass(frozen=True)
class RemovedRows:
    """Removed rows of one kind."""

    kind: str
    removed: int
    rows: int

    @property
    def share(self) -> float:
        """Removed share of all rows; 0 without rows."""
        return self.removed / self.rows if self.rows else 0.0


class RealData:
    """Folder of shared real data sets: flat references, and submissions made from them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.tasks = [json.loads(line)["id"] for line in (folder / "benchmark/tasks.jsonl").read_bytes().splitlines()]

    def read_reference(self, task: str) -> tuple[Row, ...]:
        """Return all reference rows of a task, both halves."""
        return _read_rows(self._folder / f"benchmark/references/{task}.jsonl")

    def is_hidden(self, task: str, line: int) -> bool:
        """Return whether a reference line, from 1, is in the test half."""
        return split_side(task, self.read_reference(task)[line - 1].input) == "test"

    def read_submission(self, kind: str, task: str) -> tuple[Row, ...]:
        """Return a submission's rows for a task; none if it has no file."""
        path = self._folder / f"submissions/{kind}/{task}.jsonl"
        return _read_rows(path) if path.is_file() else ()

    def screen_rows(self, task: str, rows: tuple[Row, ...]) -> ScreenResult:
        """Screen rows against the task's test half."""
        return screen_rows(rows, [row for row in self.read_reference(task) if split_side(task, row.input) == "test"])

    def read_planted(self, task: str) -> dict[int, bool]:
        """Return row numbers of leaky's planted copies, and whether the copied row is hidden."""
        truth = json.loads((self._folder / "submissions/leaky.truth.json").read_bytes())[task]["lines"]
        rows = self.read_reference(task)
        return {one["line"] - 1: split_side(task, rows[one["reference_line"] - 1].input) == "test" for one in truth}

    def read_borderline(self, task: str) -> list[tuple[Row, bool, float]]:
        """Return rows that the source has twice with small changes: row, whether its twin is hidden, similarity."""
        lines = (self._folder / "submissions/near-duplicates.jsonl").read_bytes().splitlines()
        found = [one for one in map(json.loads, lines) if one["task_id"] == task]
        return [
            (
                Row(input=one["input"], output=one["output"]),
                self.is_hidden(task, one["reference_line"]),
                one["similarity"],
            )
            for one in found
        ]


def measure_honest(data: RealData, kind: str) -> Iterator[RemovedRows]:
    """Yield the removed rows of submissions without copies, by task."""
    for task in data.tasks:
        rows = data.read_submission(kind, task)
        yield RemovedRows(task, data.screen_rows(task, rows).removed, len(rows))


def measure_leaky(data: RealData) -> tuple[RemovedRows, RemovedRows, RemovedRows]:
    """Measure the leaky submission: copies of hidden rows, copies of train rows, and the rows in between."""
    removed, rows = [0, 0, 0], [0, 0, 0]
    for task in data.tasks:
        mine, planted = data.read_submission("leaky", task), data.read_planted(task)
        taken = {copy.row for copy in data.screen_rows(task, mine).copies}
        for number in range(len(mine)):
            kind = 2 if number not in planted else 0 if planted[number] else 1
            rows[kind] += 1
            removed[kind] += number in taken
    names = ("copies of hidden rows", "copies of train rows", "other rows")
    hidden, trained, other = map(RemovedRows, names, removed, rows)
    return hidden, trained, other


def measure_borderline(data: RealData) -> tuple[RemovedRows, RemovedRows, RemovedRows]:
    """Measure borderline rows: twin hidden and similarity from 0.8, twin hidden and below, twin not hidden."""
    removed, rows = [0, 0, 0], [0, 0, 0]
    for task in data.tasks:
        ones = data.read_borderline(task)
        taken = {copy.row for copy in data.screen_rows(task, tuple(row for row, _, _ in ones)).copies}
        for number, (_, hidden, similarity) in enumerate(ones):
            kind = 2 if not hidden else 0 if similarity >= 0.8 else 1
            rows[kind] += 1
            removed[kind] += number in taken
    close, far, trained = map(
        RemovedRows, ("twin hidden, from 0.8", "twin hidden, below 0.8", "twin not hidden"), removed, rows
    )
    return close, far, trained


def main() -> None:
    """Print the figures, or a clear notice that the data is missing."""
    root = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ARENA_SHARED_DATA") or root)
    if not (folder / "submissions" / "leaky.truth.json").is_file():
        print(
            "NO REAL LEAKY SUBMISSION: give the folder of shared data, or set ARENA_SHARED_DATA. Nothing was measured."
        )
        return
    data = RealData(folder)
    print(f"{'':36}{'removed':>9}{'rows':>8}{'share':>9}")
    for found in measure_leaky(data):
        print_removed("leaky: ", found)
    for kind in HONEST:
        by_task = list(measure_honest(data, kind))
        print_removed("", RemovedRows(kind, sum(one.removed for one in by_task), sum(one.rows for one in by_task)))
        for one in by_task:
            if one.removed:
                print_removed("  ", one)
    for found in measure_borderline(data):
        print_removed("borderline: ", found)


def print_removed(before: str, found: RemovedRows) -> None:
    """Print one line."""
    print(f"{before + found.kind:36}{found.removed:9}{found.rows:8}{found.share:9.2%}", flush=True)


def _read_rows(path: Path) -> tuple[Row, ...]:
    return parse_lines(path.name, path.read_bytes(), Row)


if __name__ == "__main__":
    main()
