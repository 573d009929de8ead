"""Corrected copies of delivered files, for faults that need no knowledge of the submitter's intent.

A fix is made only if every strict reader would make the same one. Nothing is guessed: a single-byte encoding, a task
id with another letter in it, a column of another name, a number in place of a text, half of a surrogate pair and
runs of NUL bytes stay as they are, for the check to report. Every change is reported with its lines; no row is
dropped in silence.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from submissions.checking.check import check_sources
from submissions.checking.delivery_budget import DeliveryBudget
from submissions.checking.descriptions import NAME as DESCRIPTIONS
from submissions.checking.file_names import parse_data_name
from submissions.checking.payloads.row_limits import RowLimits
from submissions.checking.payloads.rows_payload import RowsPayload
from submissions.checking.problem_list import ProblemList, escape_text
from submissions.checking.source_file import SourceFile
from submissions.checking.sources import open_sources
from submissions.checking.watcher import CheckStep, CheckWatcher
from submissions.errors import InvalidFile, TheirError
from submissions.records.base import Record
from submissions.records.check_report import Problem, Report
from submissions.records.task import Task
from submissions.repair.lenient_reader import read_lenient
from submissions.repair.name_repair import RepairedName, repair_name
from submissions.repair.repair_log import RepairLog
from submissions.repair.row_repair import BlankRow, repair_row
from submissions.storage.temp_folder import TempFolder
from submissions.tracks.track import Track

_MAX_NAME_LENGTH = 60
"""Character limit for the copy of a file with an unknown task; the check rejects it under any name."""


class RepairChange(Record):
    """One kind of change made to a file."""

    what: str
    lines: tuple[int, ...] = ()
    """First lines changed, of the delivered file, counted from 1. Empty for a change of the whole file."""
    count: int = 1
    """Number of changes of this kind."""


class FileRepair(Record):
    """Changes made to one delivered file."""

    file: str
    """File name given by the submitter."""
    name: str
    """Name of the corrected copy."""
    changes: tuple[RepairChange, ...]


class RepairResult(Record):
    """A repaired delivery with its corrections and its remaining problems."""

    corrections: tuple[FileRepair, ...]
    """Changed files; empty if nothing could be fixed."""
    remaining: Report
    """Check report of the corrected delivery; of the delivery as it is, if nothing was changed."""


@dataclass(frozen=True)
class RewrittenDelivery:
    """Corrected copy of a delivery before its check."""

    corrections: tuple[FileRepair, ...]
    problems: tuple[Problem, ...]
    """Errors of files that were never opened: they are not part of the copy and must not look fixed."""


def repair_sources(
    sources: Sequence[Path], tasks: Sequence[Task], *, into: Path, track: Track, report: Report | None = None
) -> RepairResult:
    """Write a delivery, repaired without guessing, into an empty folder, and check it again, in this process.

    Files of strangers are repaired by `submissions.check_process.DeliveryCheck`. `report` is the delivery's check, if
    it was checked before. Raises NotFound for a source that does not exist, and TheirError for a track without rows.
    """
    rewritten = rewrite_sources(sources, tasks, into=into, track=track, watcher=CheckWatcher())
    if not rewritten.corrections and report:
        return RepairResult(corrections=(), remaining=report)
    copy = [into] if rewritten.corrections else sources
    with TempFolder() as folder:
        return build_repair_result(rewritten, check_sources(copy, tasks, into=folder, track=track))


def can_repair(track: Track) -> bool:
    """Return whether the track's files, or some of them, are rows that can be repaired."""
    return _find_limits(track) is not None


def require_repair(track: Track) -> RowLimits:
    """Return the limits of the track's rows. Raises TheirError for a track without them."""
    if (limits := _find_limits(track)) is None:
        raise TheirError(f"Files of the track {track.name} cannot be repaired by a program: correct them by hand.")
    return limits


def _find_limits(track: Track) -> RowLimits | None:
    return next((one.limits for one in track.payloads.values() if isinstance(one, RowsPayload)), None)


def build_repair_result(rewritten: RewrittenDelivery, report: Report) -> RepairResult:
    """Combine a rewritten delivery with the report of its check."""
    if not rewritten.corrections:
        return RepairResult(corrections=(), remaining=report)
    remaining = report.model_copy(update={"problems": (*rewritten.problems, *report.problems)})
    return RepairResult(corrections=rewritten.corrections, remaining=remaining)


def rewrite_sources(
    sources: Sequence[Path], tasks: Sequence[Task], *, into: Path, track: Track, watcher: CheckWatcher
) -> RewrittenDelivery:
    """Write a delivery, repaired without guessing, into an empty folder; leave it empty if nothing was changed.

    Data files without a possible fix are copied as they are, so that the folder is the whole delivery. Files that
    ended an earlier process are left out. Raises NotFound for a source that does not exist, and TheirError for a track
    without rows.
    """
    limits = require_repair(track)
    if any(into.iterdir()):
        raise ValueError(f"{into} is not empty")
    known = frozenset(task.id for task in tasks if task.track == track.name)
    budget = DeliveryBudget(track.size_fix)
    with open_sources(sources, track, watcher, budget) as delivered:
        problems = [problem for problem in delivered.problems if problem.level == "error"]
        problems += [problem for verdict in watcher.finished.values() for problem in verdict.problems]
        corrections = _repair_all(delivered.files, known, into, limits, watcher, budget, problems)
    if not corrections:
        for copy in into.iterdir():
            copy.unlink()
    return RewrittenDelivery(corrections, tuple(problems))


@dataclass(frozen=True)
class _CopyTarget:
    """Target of one file's copy."""

    folder: Path
    name: str
    """Name of the file, without its folder."""
    meant: RepairedName | None


def _repair_all(
    entries: Sequence[SourceFile],
    known: frozenset[str],
    into: Path,
    limits: RowLimits,
    watcher: CheckWatcher,
    budget: DeliveryBudget,
    problems: list[Problem],
) -> tuple[FileRepair, ...]:
    places = [_plan_copy(entry, known, into) for entry in entries]
    targets = [place.meant.task if place.meant else place.name for place in places]
    if len(set(targets)) < len(targets):
        return ()  # Two files for one task: only the submitter can choose.
    corrections: list[FileRepair] = []
    for index, (entry, place) in enumerate(zip(entries, places, strict=True)):
        if index in watcher.finished:
            continue
        try:
            if place.meant is None and place.name != DESCRIPTIONS:
                parse_data_name(place.name)  # a file that is no data is not unpacked
            watcher.begin(CheckStep(kind="file", index=index, name=escape_text(entry.path)))
            with entry.open() as stream:
                if found := _repair_file(stream, entry.path, place, known, limits, budget):
                    corrections.append(found)
        except InvalidFile as unfit:
            listing = ProblemList(escape_text(entry.path))
            listing.add_error(unfit.what, unfit.fix)
            problems += listing.list_problems()
    return tuple(corrections)


def _plan_copy(entry: SourceFile, known: frozenset[str], into: Path) -> _CopyTarget:
    name = entry.path.rpartition("/")[2]
    if len(name) > _MAX_NAME_LENGTH and name.rpartition(".")[0] not in known:
        return _CopyTarget(into, f"long-{name[-_MAX_NAME_LENGTH:]}", repair_name(name, known, RepairLog()))
    return _CopyTarget(into, name, None if name == DESCRIPTIONS else repair_name(name, known, RepairLog()))


def _repair_file(
    stream: IO[bytes], path: str, place: _CopyTarget, known: frozenset[str], limits: RowLimits, budget: DeliveryBudget
) -> FileRepair | None:
    """Write one file's corrected copy, or a plain one; None if it needs no fix."""
    if place.meant is None:
        _copy_file(stream, place.folder / place.name, limits, budget)
        return None
    ending = place.meant.ending
    renamed = RepairLog()
    repair_name(path.rpartition("/")[2], known, renamed)
    copy = place.folder / f"{place.meant.task}.jsonl"
    changes = _rewrite_rows(stream, ending, copy, limits, budget)
    if changes and ending != "jsonl":
        changes.add(f"Written as JSON lines; it was .{ending}.")
    if not changes:
        copy = copy.with_name(f"{place.meant.task}.{ending}")
        _copy_file(stream, copy, limits, budget)
    told = tuple(
        RepairChange(what=what, lines=lines, count=count)
        for what, lines, count in (*renamed.iter_entries(), *changes.iter_entries())
    )
    return FileRepair(file=escape_text(path), name=copy.name, changes=told) if told else None


def _rewrite_rows(stream: IO[bytes], ending: str, copy: Path, limits: RowLimits, budget: DeliveryBudget) -> RepairLog:
    """Write a file's rows as JSON lines, fixed or unchanged; without changes, remove the copy."""
    changes = RepairLog()
    try:
        if stream.seek(0, 2) > limits.max_file_bytes:
            raise InvalidFile("The file is too large.", "Deliver less.")
        with copy.open("xb") as file:
            _write_rows(file, stream, ending, limits, budget, changes)
    except InvalidFile:
        changes = RepairLog()  # Its rows cannot be separated; the check reports where.
    if not changes and copy.exists():
        budget.return_written(copy.stat().st_size)
        copy.unlink()
    return changes


def _write_rows(
    file: IO[bytes], stream: IO[bytes], ending: str, limits: RowLimits, budget: DeliveryBudget, changes: RepairLog
) -> None:
    """Write the rows of a file. Raises InvalidFile if they are ambiguous, or over a limit."""
    written = end_of_counted = 0
    for piece in read_lenient(stream, ending, limits, changes):
        row = repair_row(piece, changes)
        if isinstance(row, BlankRow):
            continue
        line = (row.model_dump_json() if row else piece.raw).encode() + b"\n"
        if file.tell() + len(line) > limits.max_file_bytes:
            raise InvalidFile("The file is too large as JSON lines.", "Deliver less.")
        budget.take_written(len(line))
        file.write(line)
        written += 1
        if written == limits.max_rows:
            end_of_counted = file.tell()
        if written > limits.row_limit:
            file.truncate(end_of_counted)
            changes.add(
                f"Cut after the first {limits.max_rows:,} rows, the only ones that count; a file of more than "
                f"{limits.row_limit:,} is refused."
            )
            return


def _copy_file(stream: IO[bytes], copy: Path, limits: RowLimits, budget: DeliveryBudget) -> None:
    """Copy a file unchanged. Raises InvalidFile over a limit."""
    size = stream.seek(0, 2)
    if size > limits.max_file_bytes:
        raise InvalidFile(f"The file has {size:,} bytes.", f"Deliver at most {limits.max_file_bytes:,} bytes.")
    budget.take_written(size)
    stream.seek(0)
    with copy.open("xb") as file:
        shutil.copyfileobj(stream, file)
