"""Verification of a benchmark against its checksums and the schema."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from curation.layout.flat_reader import has_rows
from curation.layout.hash_split import SIDES, SPLITS, Half, split_rows
from curation.records import Checksums, make_error, parse_lines, parse_record
from submissions.arena.benchmark import OFFICIAL, OfficialAnchors, Sources, Split, reference_path
from submissions.errors import NotFound
from submissions.records.base import Record
from submissions.records.check_report import Problem
from submissions.records.task import Metadata, Row, Task
from submissions.storage.format_version import PATH as FORMAT_PATH
from submissions.storage.repo import Repo
from submissions.tracks import TRACKS

BY_INIT = ("README.md", FORMAT_PATH)
"""Files that `curation init` writes, and no import."""
_RESTORE = "Restore it, or import the benchmark again into a new folder."


def verify_benchmark(repo: Repo, progress: Callable[[str, int, int], None] = lambda *_: None) -> tuple[Problem, ...]:
    """Return all problems of an imported benchmark. Raises NotFound if it is missing."""
    present = set(repo.list())
    if "checksums.json" not in present:
        raise NotFound("No checksums.json: this benchmark was not created by `python -m curation`.")
    sums = parse_record(repo.read("checksums.json"), Checksums, "checksums.json")
    if isinstance(sums, list):
        return tuple(sums)
    problems = list(_check_digests(repo, sums, present))
    if "tasks.jsonl" in present:
        tasks = parse_lines(repo.read("tasks.jsonl"), Task, "tasks.jsonl", problems)
        problems += _check_tasks(tasks)
        for number, task in enumerate(tasks.values()):
            progress(task.id, number, len(tasks))
            problems += _check_reference(repo, task, present, sums.split)
        ids = {task.id for task in tasks.values()}
        problems += _check_task_ids(repo, "sources.json", Sources, ids, present)
        if OFFICIAL in present:
            problems += _check_task_ids(repo, OFFICIAL, OfficialAnchors, ids, present)
    return tuple(problems)


def _check_digests(repo: Repo, sums: Checksums, present: set[str]) -> Iterator[Problem]:
    if sums.split not in SPLITS:
        what = f"split: {sums.split!r} is not one of {', '.join(SPLITS)}."
        yield make_error("checksums.json", None, what, _RESTORE)
    for path, digest in sums.files.items():
        if path not in present:
            yield make_error(path, None, "The file is missing.", _RESTORE)
        elif hashlib.sha256(repo.read(path)).hexdigest() != digest:
            yield make_error(path, None, "The file was changed after the import.", _RESTORE)
    for path in sorted(present - sums.files.keys() - {"checksums.json", *BY_INIT}):
        if path == OFFICIAL or not path.startswith("anchors/"):
            yield make_error(path, None, "The import did not write this file.", "Remove it.")


def _check_tasks(tasks: dict[int, Task]) -> Iterator[Problem]:
    seen: set[str] = set()
    for line, task in tasks.items():
        if task.track not in TRACKS:
            yield make_error("tasks.jsonl", line, f"track: there is no {task.track!r}.", _RESTORE)
        elif TRACKS[task.track].categories.get(task.category) != task.metric:
            what = f"metric: {task.category!r} is not measured by {task.metric!r}."
            yield make_error("tasks.jsonl", line, what, _RESTORE)
        if task.id in seen:
            yield make_error("tasks.jsonl", line, f"id: {task.id!r} occurs twice.", _RESTORE)
        seen.add(task.id)


def _check_reference(repo: Repo, task: Task, present: set[str], rule: str) -> Iterator[Problem]:
    folder = f"references/{task.id}"
    if task.track in TRACKS and not has_rows(task):
        yield from _check_record(repo, reference_path(task.id), TRACKS[task.track].reference, present)
        return
    yield from _check_record(repo, f"{folder}/metadata.json", Metadata, present)
    halves: dict[Half, dict[int, Row]] = {}
    for side in SIDES:
        path = f"{folder}/{side}.jsonl"
        if path not in present:
            yield make_error(path, None, f"Task {task.id} has no {side} rows.", _RESTORE)
            continue
        problems: list[Problem] = []
        rows = parse_lines(repo.read(path), Row, path, problems)
        yield from problems
        if not problems:
            halves[side] = rows
    if len(halves) == len(SIDES) and rule in SPLITS:
        yield from _check_sides(task.id, folder, halves, rule)
    yield from _check_split(repo, f"{folder}/split.json", halves, present, rule)


def _check_sides(task: str, folder: str, halves: dict[Half, dict[int, Row]], rule: str) -> Iterator[Problem]:
    """Yield the rows that are in the wrong half; a group counts as a whole."""
    places = [(side, line, row) for side, rows in halves.items() for line, row in rows.items()]
    for (side, line, _), right in zip(places, split_rows(task, [row for *_, row in places], rule), strict=True):
        if side != right:
            what = f"{rule} puts this row into the other half."
            yield make_error(f"{folder}/{side}.jsonl", line, what, _RESTORE)


def _check_split(
    repo: Repo, path: str, halves: dict[Half, dict[int, Row]], present: set[str], rule: str
) -> Iterator[Problem]:
    """Yield problems that prevent restoring the original order from two sound halves."""
    yield from _check_record(repo, path, Split, present)
    split = parse_record(repo.read(path), Split, path) if path in present else None
    if not isinstance(split, Split):
        return
    if split.rule != rule:
        yield make_error(path, None, f"rule: {split.rule!r} is not {rule}, as checksums.json says.", _RESTORE)
    for side, letter in SIDES.items():
        if side in halves and split.sides.count(letter) != len(halves[side]):
            what = f"sides: {split.sides.count(letter)} {side} rows are placed, but there are {len(halves[side])}."
            yield make_error(path, None, what, _RESTORE)


def _check_record(repo: Repo, path: str, kind: type[Record], present: set[str]) -> Iterator[Problem]:
    if path not in present:
        yield make_error(path, None, "The file is missing.", _RESTORE)
        return
    parsed = parse_record(repo.read(path), kind, path)
    if isinstance(parsed, list):
        yield from parsed


def _check_task_ids(
    repo: Repo, path: str, kind: type[Sources] | type[OfficialAnchors], tasks: set[str], present: set[str]
) -> Iterator[Problem]:
    yield from _check_record(repo, path, kind, present)
    if path in present:
        record = parse_record(repo.read(path), kind, path)
        if isinstance(record, kind) and record.tasks.keys() != tasks:
            wrong = ", ".join(sorted(record.tasks.keys() ^ tasks))
            yield make_error(path, None, f"The tasks differ from those of tasks.jsonl: {wrong}.", _RESTORE)
