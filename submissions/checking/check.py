"""Check of a submission: reads it, reports every problem, and writes the accepted files in stored form."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from submissions.checking.delivery_budget import DeliveryBudget
from submissions.checking.descriptions import NAME as DESCRIPTIONS
from submissions.checking.descriptions import check_descriptions
from submissions.checking.file_names import UnknownTaskHints, parse_data_name
from submissions.checking.formats import READERS
from submissions.checking.limits import MAX_PROBLEMS
from submissions.checking.problem_list import ProblemList, escape_text
from submissions.checking.rows import ExtraKeys, NormalizedFile, parse_row
from submissions.checking.source_file import SourceFile
from submissions.checking.sources import open_sources
from submissions.checking.watcher import CheckStep, CheckWatcher
from submissions.errors import InvalidFile, NotFound
from submissions.records.check_report import FileVerdict, Problem, Report
from submissions.records.submission import DataFile, DescriptionFile
from submissions.records.task import Task
from submissions.tracks.track import Track

_LEAVE_OUT_FIX = "Write rows into it, or leave it out: a missing task counts as no gain."
_CHECK_AGAIN_FIX = "Correct the listed problems, and check again."


def check_sources(sources: Sequence[Path], tasks: Sequence[Task], *, into: Path, track: Track) -> Report:
    """Check a folder, a zip or single files, named `<task id>.jsonl` (or .json, .csv, .parquet), in this process.

    Each file without errors is written to the empty folder `into` as `<task id>.jsonl`, as it would be stored.
    Files of strangers are checked by `submissions.check_process.DeliveryCheck`, since a parser may end its process.
    Raises NotFound for a source that does not exist, or when the track has no tasks.
    """
    if any(into.iterdir()):
        raise ValueError(f"{into} is not empty")
    verdicts: list[FileVerdict] = []
    watcher = CheckWatcher(finish=lambda verdict, *_: verdicts.append(verdict))
    return build_report(scan_sources(sources, tasks, into=into, track=track, watcher=watcher), verdicts, tasks, track)


@dataclass(frozen=True)
class DeliveryScan:
    """Outcome of a scan beside the verdicts of its files."""

    problems: tuple[Problem, ...]
    """Problems of the delivery's layout."""
    descriptions: DescriptionFile | None


def build_report(scan: DeliveryScan, verdicts: Sequence[FileVerdict], tasks: Sequence[Task], track: Track) -> Report:
    """Build the report of a scan and its verdicts."""
    problems = [*scan.problems, *(problem for verdict in verdicts for problem in verdict.problems)]
    files = tuple(verdict.file for verdict in verdicts if verdict.file)
    if not files and not any(problem.level == "error" for problem in problems):
        problems.append(
            Problem(level="error", file="", what="There is no data file.", fix="Deliver at least one <task id>.jsonl.")
        )
    taken = {verdict.task for verdict in verdicts}
    return Report(
        track=track.name,
        problems=tuple(sorted(problems, key=_problem_sort_key)),
        files=files,
        descriptions=scan.descriptions,
        missing=tuple(task for task in _list_task_ids(tasks, track) if task not in taken),
    )


def scan_sources(
    sources: Sequence[Path], tasks: Sequence[Task], *, into: Path, track: Track, watcher: CheckWatcher
) -> DeliveryScan:
    """Read a delivery and give the watcher a verdict on each file; write the accepted files to `into`.

    Raises NotFound for a source that does not exist, or when the track has no tasks.
    """
    known = _list_task_ids(tasks, track)
    if not known:
        raise NotFound(f"There are no tasks of the track {track.name} yet: an evaluator must publish them first.")
    budget = DeliveryBudget(written=sum(file.stat().st_size for file in into.iterdir()))
    with open_sources(sources, track, watcher, budget) as delivered:
        watcher.report(delivered.problems)
        scan = _FileScan(into, track, known, budget)
        data = [(i, entry) for i, entry in enumerate(delivered.files) if _base_name(entry) != DESCRIPTIONS]
        about = [(i, entry) for i, entry in enumerate(delivered.files) if _base_name(entry) == DESCRIPTIONS]
        for done, (index, entry) in enumerate(data, 1):
            verdict = watcher.finished.get(index)
            if verdict is None or verdict.task is None:
                verdict = scan.check_entry(index, entry, watcher, verdict)
            watcher.finish(scan.add_verdict(verdict), done, len(data))
        for index, entry in about:
            verdict = watcher.finished.get(index)
            if verdict is None:
                watcher.begin(CheckStep(kind="file", index=index, name=escape_text(entry.path)))
                verdict = scan.check_descriptions(index, entry)
            watcher.finish(scan.add_verdict(verdict), len(data), len(data))
    return DeliveryScan(delivered.problems, scan.descriptions)


@dataclass
class _FileScan:
    """State of a scan that one file's verdict leaves to the next file's."""

    into: Path
    track: Track
    known: Sequence[str]
    budget: DeliveryBudget
    taken: dict[str, str] = field(default_factory=dict)
    """Escaped file name by task."""
    descriptions: DescriptionFile | None = None
    has_descriptions: bool = False
    listed: int = 0
    """Problems listed so far."""
    unknown: UnknownTaskHints = field(init=False)

    def __post_init__(self) -> None:
        self.unknown = UnknownTaskHints(self.known)

    def add_verdict(self, verdict: FileVerdict) -> FileVerdict:
        """Mark the file's task as taken; return the verdict with few problems if the delivery has too many."""
        if verdict.task:
            self.taken.setdefault(verdict.task, verdict.name)
        if len(verdict.problems) > 2 and self.listed + len(verdict.problems) > MAX_PROBLEMS:
            first, count = verdict.problems[0], len(verdict.problems) - 1
            more = {"line": None, "what": f"And {count} more problem(s) of this file.", "fix": _CHECK_AGAIN_FIX}
            verdict = verdict.model_copy(update={"problems": (first, first.model_copy(update=more))})
        self.listed += len(verdict.problems)
        return verdict

    def check_entry(
        self, index: int, entry: SourceFile, watcher: CheckWatcher, ended: FileVerdict | None
    ) -> FileVerdict:
        """Check one data file; one that `ended` a process is only matched to its task."""
        listing = ProblemList(escape_text(entry.path))
        task = file = None
        try:
            task, ending = self._match_task(entry)
            if ended is not None:
                return ended.model_copy(update={"task": task})
            watcher.begin(CheckStep(kind="file", index=index, name=listing.file))
            file = _check_file(entry, task, ending, self.into, self.track, self.budget, listing)
        except InvalidFile as unfit:
            listing.add_error(unfit.what, unfit.fix)
        return FileVerdict(
            index=index, name=listing.file, task=task, file=file, problems=tuple(listing.list_problems())
        )

    def check_descriptions(self, index: int, entry: SourceFile) -> FileVerdict:
        """Check a metadata.jsonl and keep its stored form, if it has no errors."""
        listing = ProblemList(escape_text(entry.path))
        try:
            if self.has_descriptions:
                raise InvalidFile(f"There is another {DESCRIPTIONS}.", "Put all lines into one file.")
            self.has_descriptions = True
            self.descriptions = check_descriptions(entry, self.taken, self.into, listing)
        except InvalidFile as unfit:
            listing.add_error(unfit.what, unfit.fix)
        return FileVerdict(index=index, name=listing.file, problems=tuple(listing.list_problems()))

    def _match_task(self, entry: SourceFile) -> tuple[str, str]:
        """Return the task of a file, now taken, and the file's format. Raises InvalidFile."""
        name = parse_data_name(_base_name(entry))
        if name.task not in self.known:
            raise self.unknown.make_error(name.task)
        if name.task in self.taken:
            raise InvalidFile(f"{self.taken[name.task]} is for the same task.", "Deliver one file for each task.")
        return name.task, name.ending


def _list_task_ids(tasks: Sequence[Task], track: Track) -> list[str]:
    return [task.id for task in tasks if task.track == track.name]


def _base_name(entry: SourceFile) -> str:
    return entry.path.rpartition("/")[2]


def _check_file(
    entry: SourceFile,
    task: str,
    ending: str,
    into: Path,
    track: Track,
    budget: DeliveryBudget,
    listing: ProblemList,
) -> DataFile | None:
    """Check one file and write its stored form; None (and listed) if it has errors. Raises InvalidFile."""
    target = into / f"{task}.jsonl"
    others = ExtraKeys()
    written = budget.written
    is_accepted = False
    try:
        with entry.open() as stream, NormalizedFile(target, track, budget) as normal:
            _check_file_size(stream, track)
            for found in READERS[ending](stream, track, listing):
                others.count_row(found)
                if row := parse_row(found, track, listing):
                    normal.write_row(row)
        if not normal.rows and not listing.has_errors:
            listing.add_error("The file has no rows.", _LEAVE_OUT_FIX)
        is_accepted = not listing.has_errors
    finally:
        if not is_accepted:
            target.unlink(missing_ok=True)
            budget.written = written
    if not is_accepted:
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
