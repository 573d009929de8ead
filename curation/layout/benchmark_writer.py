"""Writes the benchmark's layout (submissions/arena/benchmark.py) from a flat folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from curation.layout.flat_reader import FlatBenchmark, read_flat
from curation.layout.hash_split import SIDES, SPLIT, split_rows
from curation.records import Checksums, make_warning
from evaluator.scoring.shared_context import name_groups
from submissions.arena.benchmark import Source, Sources, Split, reference_path
from submissions.errors import TheirError
from submissions.records.base import Record
from submissions.records.check_report import Problem
from submissions.records.language_tags import lacks_tokenizer
from submissions.records.task import Task
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from submissions.tracks import get_track

_BY_WORDS = frozenset({"token_f1", "rouge_l"})
"""Metrics whose units are words."""


class BenchmarkExists(TheirError):
    """Error: the destination holds something that an import must not touch."""


class ImportReport(Record):
    """Result of an import."""

    changed: bool
    """False if the destination already held exactly this."""
    tasks: int
    rows: int
    warnings: tuple[Problem, ...] = ()


def import_flat(source: Path, dest: Path, progress: Callable[[str, int, int], None] = lambda *_: None) -> ImportReport:
    """Convert a flat folder to a benchmark, in one commit.

    A benchmark is never changed in place, because anchors are measured on its rows: a destination that holds anything
    but this same benchmark (and its anchors) raises BenchmarkExists. Raises InvalidBenchmark for an unsound source.
    """
    flat = read_flat(source, progress)
    files = build_files(flat)
    changed = write_benchmark(files, dest)
    rows = sum(map(len, flat.rows.values()))
    return ImportReport(changed=changed, tasks=len(flat.tasks), rows=rows, warnings=tuple(_find_uncut_tasks(flat)))


def _find_uncut_tasks(flat: FlatBenchmark) -> Iterator[Problem]:
    """Warn of tasks that are scored by words, in a language whose words no metric can tell apart."""
    for task in flat.tasks:
        metric = get_track(task.track).categories[task.category]
        if metric in _BY_WORDS and lacks_tokenizer(task.language):
            what = f"{task.id}: {task.language} is written without blanks, and no tokenizer for it is available."
            fix = f"{metric} compares parts between signs, not words; prefer another category."
            yield make_warning("tasks.jsonl", what, fix)


def build_files(flat: FlatBenchmark, others: Mapping[str, bytes] = MappingProxyType({})) -> dict[str, bytes]:
    """Build the benchmark's files, path to content; checksums.json comes last and covers `others` too."""
    files = {"tasks.jsonl": to_jsonl(_public_tasks(flat))}
    for task in flat.tasks:
        folder = f"references/{task.id}"
        if task.id in flat.others:
            files[reference_path(task.id)] = to_json(flat.others[task.id])
            continue
        assert task.metadata
        files[f"{folder}/metadata.json"] = to_json(task.metadata)
        rows = name_groups(flat.rows[task.id])
        sides = split_rows(task.id, rows)
        for side in SIDES:
            half = [row for row, its in zip(rows, sides, strict=True) if its == side]
            files[f"{folder}/{side}.jsonl"] = to_jsonl(half)
        files[f"{folder}/split.json"] = to_json(Split(rule=SPLIT, sides="".join(SIDES[side] for side in sides)))
    origins = {task.id: Source(source=task.source, licence=task.licence) for task in flat.tasks}
    files["sources.json"] = to_json(Sources(tasks=origins))
    files.update(others)
    digests = {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files)}
    files["checksums.json"] = to_json(Checksums(split=SPLIT, files=digests))
    return files


def _public_tasks(flat: FlatBenchmark) -> list[Task]:
    return [
        Task(
            id=task.id,
            track=task.track,
            title=task.title,
            category=task.category,
            kind=task.kind,
            language=task.language,
            subsets=task.subsets,
            metric=get_track(task.track).categories[task.category],
            demand=task.demand,
        )
        for task in flat.tasks
    ]


def write_benchmark(files: Mapping[str, bytes], dest: Path) -> bool:
    """Write a benchmark's files in one commit; return whether it changed anything. Raises BenchmarkExists."""
    repo = LocalRepo(dest)
    if dest.is_dir():
        repo.list()  # completes a killed import, which would otherwise look like foreign content
    require_empty(dest)
    present = [path for path in repo.list() if path in files or not path.startswith("anchors/")]
    if not present:
        repo.commit([Change(path, content) for path, content in files.items()], repo.head())
        return True
    if present != sorted(files) or any(repo.read(path) != content for path, content in files.items()):
        raise BenchmarkExists(
            f"{dest} has another benchmark, and its anchors belong to its rows: import into a new folder."
        )
    return False


def require_empty(dest: Path) -> None:
    """Raise BenchmarkExists unless the folder is absent, empty, or an earlier import. Leaves no trace in it."""
    if dest.exists() and not dest.is_dir():
        raise BenchmarkExists(f"{dest} is a file: name a folder to import into.")
    visible = sorted(path.name for path in dest.glob("*") if not path.name.startswith("."))
    if visible and "checksums.json" not in visible:
        raise BenchmarkExists(
            f"{dest} has other content (for example {visible[0]}): import into a new or empty folder."
        )
