"""Reader of a benchmark in the flat layout (tasks.jsonl, references/<task>.jsonl), checked as a whole."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from curation.layout.hash_split import split_rows
from curation.records import FlatTask, make_error, parse_lines, parse_record
from submissions.errors import NotFound, TheirError
from submissions.records.base import Record
from submissions.records.check_report import Problem
from submissions.records.task import Reference, Row, Task
from submissions.tracks import get_track


@dataclass(frozen=True)
class FlatBenchmark:
    """Validated contents of a flat folder."""

    tasks: tuple[FlatTask, ...]
    rows: dict[str, tuple[Row, ...]]
    """Reference rows by task id, in the order of the file."""
    others: Mapping[str, Record] = field(default_factory=dict)
    """References of another kind than rows, by task id."""


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
        problems += _unexpected_files(folder, {_reference_name(task) for task in tasks})
    rows: dict[str, tuple[Row, ...]] = {}
    others: dict[str, Record] = {}
    for number, task in enumerate(tasks):
        progress(task.id, number, len(tasks))
        if has_rows(task):
            rows[task.id] = _read_rows(folder, task, problems)
        elif reference := _read_reference(folder, task, problems):
            others[task.id] = reference
    if problems:
        raise InvalidBenchmark(folder, problems)
    return FlatBenchmark(tuple(tasks), rows, others)


def has_rows(task: FlatTask | Task) -> bool:
    """Return whether a task's reference is rows."""
    return get_track(task.track).reference is Reference


def _find_task_faults(task: FlatTask) -> Iterator[tuple[str, str]]:
    """Yield the faults of a task's words against its track, each with its fix."""
    track = get_track(task.track)
    if task.category not in track.categories:
        yield f"category: {task.category!r} is not one of {', '.join(track.categories)}.", "Choose one of them."
    if has_rows(task) and task.metadata is None:
        yield "metadata: Field required.", "Add the field."


def _reference_name(task: FlatTask) -> str:
    return f"{task.id}.jsonl" if has_rows(task) else f"{task.id}.json"


def _read_reference(folder: Path, task: FlatTask, problems: list[Problem]) -> Record | None:
    """Read a reference of another kind than rows; None, with its problems listed, if it is unsound."""
    name = f"references/{_reference_name(task)}"
    if not (folder / name).is_file():
        problems.append(make_error(name, None, "The task has no reference file.", "Add it, or remove the task."))
        return None
    parsed = parse_record((folder / name).read_bytes(), get_track(task.track).reference, name)
    if isinstance(parsed, list):
        problems += parsed
        return None
    return parsed


def _read_tasks(folder: Path, problems: list[Problem]) -> list[FlatTask]:
    tasks = parse_lines((folder / "tasks.jsonl").read_bytes(), FlatTask, "tasks.jsonl", problems)
    seen: dict[str, int] = {}
    for line, task in tasks.items():
        problems += [make_error("tasks.jsonl", line, what, fix) for what, fix in _find_task_faults(task)]
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
    example = task.metadata.example if task.metadata else None
    seen: dict[tuple[str, str], int] = {}
    for line, row in rows.items():
        pair = (row.input, row.output)
        for key, text in (("input", row.input), ("output", row.output)):
            if not text.strip():
                yield make_error(name, line, f"{key}: only white space.", "Fill it, or remove the row.")
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
