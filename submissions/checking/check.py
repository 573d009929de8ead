"""Check of a submission: reads it, reports every problem, and writes the accepted files in stored form."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from submissions.checking.descriptions import NAME as DESCRIPTIONS
from submissions.checking.descriptions import check_descriptions
from submissions.checking.file_names import UnknownTaskHints, parse_data_name
from submissions.checking.formats import READERS
from submissions.checking.problem_list import ProblemList, escape_text
from submissions.checking.rows import ExtraKeys, NormalizedFile, parse_row
from submissions.checking.source_file import SourceFile
from submissions.checking.sources import open_sources
from submissions.errors import InvalidFile, NotFound
from submissions.records.check_report import Problem, Report
from submissions.records.submission import DataFile, DescriptionFile
from submissions.records.task import Task
from submissions.tracks.track import Track

_LEAVE_OUT_FIX = "Write rows into it, or leave it out: a missing task counts as no gain."

Progress = Callable[[str, int, int], None]
"""Progress callback: receives a file's name, the number of files done, and the total."""

Tell = Callable[[Sequence[Problem]], None]
"""Callback that receives the findings of one file as soon as they are known."""


def check_sources(
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
    unknown = UnknownTaskHints(known)
    with open_sources(sources, track) as delivered:
        problems = list(delivered.problems)
        said = [entry for entry in delivered.files if _base_name(entry) == DESCRIPTIONS]
        data = [entry for entry in delivered.files if _base_name(entry) != DESCRIPTIONS]
        if tell:
            tell(problems)
        for done, entry in enumerate(data, 1):
            listing = ProblemList(escape_text(entry.path))
            try:
                task, ending = _match_task(entry, known, unknown, taken)
                if file := _check_file(entry, task, ending, into, track, listing):
                    files.append(file)
            except InvalidFile as unfit:
                listing.add_error(unfit.what, unfit.fix)
            problems += listing.list_problems()
            if tell:
                tell(listing.list_problems())
            if progress:
                progress(listing.file, done, len(data))
        descriptions = _check_descriptions(said, taken, into, problems)
    if not files and not any(problem.level == "error" for problem in problems):
        problems.append(
            Problem(level="error", file="", what="There is no data file.", fix="Deliver at least one <task id>.jsonl.")
        )
    return Report(
        track=track.name,
        problems=tuple(sorted(problems, key=_problem_sort_key)),
        files=tuple(files),
        descriptions=descriptions,
        missing=tuple(task for task in known if task not in taken),
    )


def _check_descriptions(
    said: Sequence[SourceFile], taken: Mapping[str, str], into: Path, problems: list[Problem]
) -> DescriptionFile | None:
    """Return the stored form of the delivery's metadata.jsonl; None if it is missing or has errors."""
    found = None
    for place, entry in enumerate(said):
        listing = ProblemList(escape_text(entry.path))
        try:
            if place:
                raise InvalidFile(f"There is another {DESCRIPTIONS}.", "Put all lines into one file.")
            found = check_descriptions(entry, taken, into, listing)
        except InvalidFile as unfit:
            listing.add_error(unfit.what, unfit.fix)
        problems += listing.list_problems()
    return found


def _base_name(entry: SourceFile) -> str:
    return entry.path.rpartition("/")[2]


def _match_task(
    entry: SourceFile, known: Sequence[str], unknown: UnknownTaskHints, taken: dict[str, str]
) -> tuple[str, str]:
    """Return the task of a file, now taken, and the file's format. Raises InvalidFile."""
    name = parse_data_name(_base_name(entry))
    if name.task not in known:
        raise unknown.make_error(name.task)
    if name.task in taken:
        raise InvalidFile(f"{taken[name.task]} is for the same task.", "Deliver one file for each task.")
    taken[name.task] = escape_text(entry.path)
    return name.task, name.ending


def _check_file(
    entry: SourceFile, task: str, ending: str, into: Path, track: Track, listing: ProblemList
) -> DataFile | None:
    """Check one file and write its stored form; None (and listed) if it has errors. Raises InvalidFile."""
    target = into / f"{task}.jsonl"
    others = ExtraKeys()
    try:
        with entry.open() as stream, NormalizedFile(target) as normal:
            _check_file_size(stream, track)
            for found in READERS[ending](stream, track, listing):
                others.count_row(found)
                if row := parse_row(found, track, listing):
                    normal.write_row(row)
    except InvalidFile:
        target.unlink(missing_ok=True)
        raise
    if not normal.rows and not listing.has_errors:
        listing.add_error("The file has no rows.", _LEAVE_OUT_FIX)
    if listing.has_errors:
        target.unlink()
        return None
    if ending != "jsonl":
        listing.add_warning(f"The file was converted from .{ending} to .jsonl.", "Nothing to do.")
    others.report_warnings(listing)
    normal.report_warnings(track, listing)
    return DataFile(task=task, path=f"data/{task}.jsonl", sha256=normal.sha256, bytes=normal.bytes, rows=normal.rows)


def _check_file_size(stream: IO[bytes], track: Track) -> None:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if size == 0:
        raise InvalidFile("The file is empty (0 bytes).", _LEAVE_OUT_FIX)
    if size > track.max_file_bytes:
        raise InvalidFile(f"The file has {size:,} bytes.", f"Deliver at most {track.max_file_bytes:,} bytes.")


def _problem_sort_key(problem: Problem) -> tuple[bool, str, int]:
    return problem.level != "error", problem.file, problem.line or 0
