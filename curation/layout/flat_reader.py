"""Reader of a benchmark in the flat layout (tasks.jsonl, references/<task>.jsonl), checked as a whole."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from curation.layout.hash_split import split_rows
from curation.records import FlatTask, make_error, parse_lines
from submissions.errors import NotFound, TheirError
from submissions.records.check_report import Problem
from submissions.records.task import Row
from submissions.tracks import TRACKS

CATEGORIES = TRACKS["dataset_research"].categories


@dataclass(frozen=True)
class FlatBenchmark:
    """Validated contents of a flat folder."""

    tasks: tuple[FlatTask, ...]
    rows: dict[str, tuple[Row, ...]]
    """Reference rows by task id, in the order of the file."""


class InvalidBenchmark(TheirError):
    """Error: a folder with problems; carries all of them."""

    def __init__(self, folder: Path, problems: list[Problem]) -> None:
        super().__init__(f"{folder} has {len(problems)} problem(s); nothing was written. First: {problems[0]}")
        self.problems = tuple(problems)


def read_flat(folder: Path, progress: Callable[[str, int, int], None] = lambda *_: None) -> FlatBenchmark:
    """Read a flat folder. Raises NotFound if missing, InvalidBenchmark with every problem if unsound.

    `progress` receives the task's id, how many are done, and how many there are.
    """
    if not (folder / "tasks.jsonl").is_file():
        raise NotFound(f"{folder} has no tasks.jsonl: name a folder in the flat layout (demo/benchmark is one).")
    problems: list[Problem] = []
    tasks = _read_tasks(folder, problems)
    if not problems:
        problems += _unexpected_files(folder, {f"{task.id}.jsonl" for task in tasks})
    rows: dict[str, tuple[Row, ...]] = {}
    for number, task in enumerate(tasks):
        progress(task.id, number, len(tasks))
        rows[task.id] = _read_rows(folder, task, problems)
    if problems:
        raise InvalidBenchmark(folder, problems)
    return FlatBenchmark(tuple(tasks), rows)


def _read_tasks(folder: Path, problems: list[Problem]) -> list[FlatTask]:
    tasks = parse_lines((folder / "tasks.jsonl").read_bytes(), FlatTask, "tasks.jsonl", problems)
    seen: dict[str, int] = {}
    for line, task in tasks.items():
        if task.category not in CATEGORIES:
            what = f"category: {task.category!r} is not one of {', '.join(CATEGORIES)}."
            problems.append(make_error("tasks.jsonl", line, what, "Choose one of them."))
        if task.id in seen:
            what = f"id: {task.id!r} is also on line {seen[task.id]}."
            problems.append(make_error("tasks.jsonl", line, what, "Give every task its own id."))
        seen.setdefault(task.id, line)
    return [task for line, task in tasks.items() if seen[task.id] == line]


def _read_rows(folder: Path, task: FlatTask, problems: list[Problem]) -> tuple[Row, ...]:
    name = f"references/{task.id}.jsonl"
    if not (folder / name).is_file():
        problems.append(make_error(name, None, "The task has no reference file.", "Add it, or remove the task."))
        return ()
    before = len(problems)
    rows = parse_lines((folder / name).read_bytes(), Row, name, problems)
    problems += _find_row_faults(rows, task, name)
    halves = set(split_rows(task.id, tuple(rows.values())))
    if len(problems) == before and halves != {"train", "test"}:
        what = f"All {len(rows)} rows fall into the {halves.pop()} half (rows that share a passage stay together)."
        problems.append(
            make_error(name, None, what, "Add rows, so that there are some to train on and some to test on.")
        )
    return tuple(rows.values())


def _find_row_faults(rows: dict[int, Row], task: FlatTask, name: str) -> Iterator[Problem]:
    example = task.metadata.example
    seen: dict[tuple[str, str], int] = {}
    for line, row in rows.items():
        pair = (row.input, row.output)
        for field, text in (("input", row.input), ("output", row.output)):
            if not text.strip():
                yield make_error(name, line, f"{field}: only white space.", "Fill it, or remove the row.")
        if pair in seen:
            yield make_error(name, line, f"The row is the same as on line {seen[pair]}.", "Remove one of them.")
        seen.setdefault(pair, line)
        if example and _is_same_text(example.input, row.input):
            yield make_error(
                name, line, "The row is the task's metadata.example.", "Choose an example outside the reference."
            )


def _is_same_text(one: str, other: str) -> bool:
    return unicodedata.normalize("NFC", one).strip() == unicodedata.normalize("NFC", other).strip()


def _unexpected_files(folder: Path, expected: set[str]) -> Iterator[Problem]:
    for path in sorted((folder / "references").glob("*")):
        if path.name not in expected and not path.name.startswith("."):
            yield make_error(f"references/{path.name}", None, "No task has this id.", "Remove it, or add its task.")
