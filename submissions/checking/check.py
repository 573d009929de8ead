"""The check of a submission: reads it, reports every problem, and writes what passed in the form that is stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from submissions.checking.descriptions import NAME as DESCRIPTIONS
from submissions.checking.descriptions import described
from submissions.checking.file_names import UnknownTasks, data_name
from submissions.checking.formats import READERS
from submissions.checking.problem_list import Listing, shown
from submissions.checking.rows import NormalFile, OtherKeys, row_of
from submissions.checking.source_file import Entry
from submissions.checking.sources import gathered
from submissions.errors import NotFound, Unfit
from submissions.records.check_report import Problem, Report
from submissions.records.models import DataFile, DescriptionFile, Task
from submissions.tracks.track import Track

_LEAVE_OUT_FIX = "Write rows into it, or leave it out: a missing task counts as no gain."

Progress = Callable[[str, int, int], None]
"""Is told a file's name, how many files are done, and of how many."""

Tell = Callable[[Sequence[Problem]], None]
"""Is told what was found in one file, as soon as that is known."""


def check(
    sources: Sequence[Path],
    tasks: Sequence[Task],
    *,
    into: Path,
    track: Track,
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> Report:
    """Check a folder, a zip or single files, named `<task id>.jsonl` (or .json, .csv, .parquet).

    Each file without errors is written to the empty folder `into` as `<task id>.jsonl`, as it would be stored.
    Raises NotFound for a source that does not exist, or when the track has no tasks.
    """
    known = [task.id for task in tasks if task.track == track.name]
    if not known:
        raise NotFound(f"There are no tasks of the track {track.name} yet: an evaluator must publish them first.")
    if any(into.iterdir()):
        raise ValueError(f"{into} is not empty")
    files: list[DataFile] = []
    taken: dict[str, str] = {}
    unknown = UnknownTasks(known)
    with gathered(sources, track) as delivered:
        problems = list(delivered.problems)
        said = [entry for entry in delivered.files if _name_of(entry) == DESCRIPTIONS]
        data = [entry for entry in delivered.files if _name_of(entry) != DESCRIPTIONS]
        if tell:
            tell(problems)
        for done, entry in enumerate(data, 1):
            listing = Listing(shown(entry.path))
            try:
                task, ending = _claimed(entry, known, unknown, taken)
                if file := _checked(entry, task, ending, into, track, listing):
                    files.append(file)
            except Unfit as unfit:
                listing.error(unfit.what, unfit.fix)
            problems += listing.problems()
            if tell:
                tell(listing.problems())
            if progress:
                progress(listing.file, done, len(data))
        descriptions = _described(said, taken, into, problems)
    if not files and not any(problem.level == "error" for problem in problems):
        problems.append(
            Problem(level="error", file="", what="There is no data file.", fix="Deliver at least one <task id>.jsonl.")
        )
    return Report(
        track=track.name,
        problems=tuple(sorted(problems, key=_order)),
        files=tuple(files),
        descriptions=descriptions,
        missing=tuple(task for task in known if task not in taken),
    )


def _described(
    said: Sequence[Entry], taken: Mapping[str, str], into: Path, problems: list[Problem]
) -> DescriptionFile | None:
    """The stored form of the delivery's metadata.jsonl; None if there is none, or it has errors."""
    found = None
    for place, entry in enumerate(said):
        listing = Listing(shown(entry.path))
        try:
            if place:
                raise Unfit(f"There is another {DESCRIPTIONS}.", "Put all lines into one file.")
            found = described(entry, taken, into, listing)
        except Unfit as unfit:
            listing.error(unfit.what, unfit.fix)
        problems += listing.problems()
    return found


def _name_of(entry: Entry) -> str:
    return entry.path.rpartition("/")[2]


def _claimed(entry: Entry, known: Sequence[str], unknown: UnknownTasks, taken: dict[str, str]) -> tuple[str, str]:
    """The task of a file, now taken, and its format. Raises Unfit."""
    name = data_name(_name_of(entry))
    if name.task not in known:
        raise unknown.unfit(name.task)
    if name.task in taken:
        raise Unfit(f"{taken[name.task]} is for the same task.", "Deliver one file for each task.")
    taken[name.task] = shown(entry.path)
    return name.task, name.ending


def _checked(entry: Entry, task: str, ending: str, into: Path, track: Track, listing: Listing) -> DataFile | None:
    """Check one file and write it in the form that is stored; None (and listed) if it has errors. Raises Unfit."""
    target = into / f"{task}.jsonl"
    others = OtherKeys()
    try:
        with entry.open() as stream, NormalFile(target) as normal:
            _refuse_by_size(stream, track)
            for found in READERS[ending](stream, track, listing):
                others.see(found)
                if row := row_of(found, track, listing):
                    normal.add(row)
    except Unfit:
        target.unlink(missing_ok=True)
        raise
    if not normal.rows and not listing.refused:
        listing.error("The file has no rows.", _LEAVE_OUT_FIX)
    if listing.refused:
        target.unlink()
        return None
    if ending != "jsonl":
        listing.warn(f"The file was converted from .{ending} to .jsonl.", "Nothing to do.")
    others.warn(listing)
    normal.warn(track, listing)
    return DataFile(task=task, path=f"data/{task}.jsonl", sha256=normal.sha256, bytes=normal.bytes, rows=normal.rows)


def _refuse_by_size(stream: IO[bytes], track: Track) -> None:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if size == 0:
        raise Unfit("The file is empty (0 bytes).", _LEAVE_OUT_FIX)
    if size > track.max_file_bytes:
        raise Unfit(f"The file has {size:,} bytes.", f"Deliver at most {track.max_file_bytes:,} bytes.")


def _order(problem: Problem) -> tuple[bool, str, int]:
    return problem.level != "error", problem.file, problem.line or 0
