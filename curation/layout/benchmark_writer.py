"""The benchmark's layout (submissions/arena/benchmark.py): made from a flat folder, and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from curation.layout.flat_reader import CATEGORIES, Flat, read_flat
from curation.layout.hash_split import HALVES, SPLIT, half
from curation.records import Checksums
from submissions.arena.arena import dump, dump_lines
from submissions.arena.benchmark import Source, Sources, Split
from submissions.errors import TheirError
from submissions.records.models import Record, Task
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change


class Occupied(TheirError):
    """The destination holds something that an import must not touch."""


class Imported(Record):
    """What an import did."""

    changed: bool
    """False if the destination already held exactly this."""
    tasks: int
    rows: int


def import_flat(source: Path, dest: Path, progress: Callable[[str, int, int], None] = lambda *_: None) -> Imported:
    """Lay a flat folder out as a benchmark, in one commit.

    A benchmark is never changed in place, because anchors are measured on its rows: a destination that holds
    anything but this same benchmark (and its anchors) raises Occupied. Raises Broken for an unsound source.
    """
    flat = read_flat(source, progress)
    files = lay_out(flat)
    changed = settle(files, dest)
    return Imported(changed=changed, tasks=len(flat.tasks), rows=sum(map(len, flat.rows.values())))


def lay_out(flat: Flat, others: Mapping[str, bytes] = MappingProxyType({})) -> dict[str, bytes]:
    """Every file of the benchmark: path to content, checksums.json last, which covers the `others` too."""
    files = {"tasks.jsonl": dump_lines(_public(flat))}
    for task in flat.tasks:
        folder = f"references/{task.id}"
        files[f"{folder}/metadata.json"] = dump(task.metadata)
        sides = [half(task.id, row.input) for row in flat.rows[task.id]]
        for side in HALVES:
            rows = [row for row, its in zip(flat.rows[task.id], sides, strict=True) if its == side]
            files[f"{folder}/{side}.jsonl"] = dump_lines(rows)
        files[f"{folder}/split.json"] = dump(Split(rule=SPLIT, sides="".join(HALVES[side] for side in sides)))
    origins = {task.id: Source(source=task.source, licence=task.licence) for task in flat.tasks}
    files["sources.json"] = dump(Sources(tasks=origins))
    files.update(others)
    digests = {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files)}
    files["checksums.json"] = dump(Checksums(split=SPLIT, files=digests))
    return files


def _public(flat: Flat) -> list[Task]:
    return [
        Task(
            id=task.id,
            track="dataset_research",
            title=task.title,
            category=task.category,
            kind=task.kind,
            language=task.language,
            subsets=task.subsets,
            metric=CATEGORIES[task.category],
            demand=task.demand,
        )
        for task in flat.tasks
    ]


def settle(files: Mapping[str, bytes], dest: Path) -> bool:
    """Write a benchmark's files in one commit; whether that changed anything. Raises Occupied."""
    repo = LocalRepo(dest)
    if dest.is_dir():
        repo.list()  # carries out what a killed import left half done, which would look like a stranger's
    refuse_strangers(dest)
    present = [path for path in repo.list() if path in files or not path.startswith("anchors/")]
    if not present:
        repo.commit([Change(path, content) for path, content in files.items()], repo.head())
        return True
    if present != sorted(files) or any(repo.read(path) != content for path, content in files.items()):
        raise Occupied(f"{dest} holds another benchmark, and its anchors belong to its rows: import into a new folder.")
    return False


def refuse_strangers(dest: Path) -> None:
    """Raise Occupied unless the folder is absent, empty, or an earlier import. Leaves no trace in it."""
    if dest.exists() and not dest.is_dir():
        raise Occupied(f"{dest} is a file: name a folder to import into.")
    visible = sorted(path.name for path in dest.glob("*") if not path.name.startswith("."))
    if visible and "checksums.json" not in visible:
        raise Occupied(f"{dest} holds something else (for example {visible[0]}): import into a new or empty folder.")
