"""Check of a submission: reads it, reports every problem, and writes the accepted files in stored form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from submissions.checking.delivery_budget import DeliveryBudget
from submissions.checking.descriptions import NAME as DESCRIPTIONS
from submissions.checking.descriptions import check_descriptions
from submissions.checking.file_names import UnknownTaskHints
from submissions.checking.limits import MAX_PROBLEMS
from submissions.checking.payloads.payload import ArtifactName, CheckedFiles, CheckTarget
from submissions.checking.problem_list import ProblemList, escape_text
from submissions.checking.source_file import SourceFile
from submissions.checking.sources import open_sources
from submissions.checking.watcher import CheckStep, CheckWatcher
from submissions.errors import InvalidFile, NotFound
from submissions.records.check_report import FileVerdict, Problem, Report
from submissions.records.submission import DataFile, DescriptionFile
from submissions.records.task import Task
from submissions.records.webhook import FILE as WEBHOOK
from submissions.tracks.track import Track

RESERVED_NAMES = frozenset({DESCRIPTIONS, WEBHOOK, "submission.json"})
"""Names of stored files that no artifact may have."""
_CHECK_AGAIN_FIX = "Correct the listed problems, and check again."


def check_sources(sources: Sequence[Path], tasks: Sequence[Task], *, into: Path, track: Track) -> Report:
    """Check a folder, a zip or single files, each by the track's payload that claims its name, in this process.

    Each file without errors is written to the empty folder `into`, as it would be stored.
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
    name_form = next(iter(track.payloads.values())).name_form
    if not files and not any(problem.level == "error" for problem in problems):
        problems.append(
            Problem(level="error", file="", what="There is no data file.", fix=f"Deliver at least one {name_form}.")
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
    budget = DeliveryBudget(
        track.size_fix, written=sum(file.stat().st_size for file in into.rglob("*") if file.is_file())
    )
    with open_sources(sources, track, watcher, budget) as delivered:
        watcher.report(delivered.problems)
        scan = _FileScan(into, track, known, budget)
        described = track.has_descriptions
        data = [(i, entry) for i, entry in enumerate(delivered.files) if not described or not _is_descriptions(entry)]
        about = [(i, entry) for i, entry in enumerate(delivered.files) if described and _is_descriptions(entry)]
        for done, (index, entry) in enumerate(data, 1):
            checked = scan.check_entry(index, entry, watcher, watcher.finished.get(index))
            watcher.finish(scan.add_verdict(checked), done, len(data))
        for index, entry in about:
            verdict = watcher.finished.get(index)
            if verdict is None:
                watcher.begin(CheckStep(kind="file", index=index, name=escape_text(entry.path)))
                verdict = scan.check_descriptions(index, entry)
            watcher.finish(scan.add_verdict(verdict), len(data), len(data))
        closing = scan.check_whole(watcher)
    return DeliveryScan((*delivered.problems, *closing), scan.descriptions)


@dataclass
class _FileScan:
    """State of a scan that one file's verdict leaves to the next file's."""

    into: Path
    track: Track
    known: Sequence[str]
    budget: DeliveryBudget
    names: dict[str, str] = field(default_factory=dict)
    """Escaped name of the delivered file, by the name of its stored form."""
    kinds: dict[str, str] = field(default_factory=dict)
    """Key of the payload, by the name of the stored form."""
    tasks: set[str] = field(default_factory=set)
    """Tasks with a file."""
    files: list[DataFile] = field(default_factory=list)
    descriptions: DescriptionFile | None = None
    has_descriptions: bool = False
    listed: int = 0
    """Problems listed so far."""
    unknown: UnknownTaskHints = field(init=False)

    def __post_init__(self) -> None:
        self.unknown = UnknownTaskHints(self.known)

    def add_verdict(self, verdict: FileVerdict) -> FileVerdict:
        """Count the file; return the verdict with few problems if the delivery has too many."""
        if verdict.task:
            self.tasks.add(verdict.task)
        if verdict.file:
            self.files.append(verdict.file)
        if len(verdict.problems) > 2 and self.listed + len(verdict.problems) > MAX_PROBLEMS:
            first, count = verdict.problems[0], len(verdict.problems) - 1
            more = {"line": None, "what": f"And {count} more problem(s) of this file.", "fix": _CHECK_AGAIN_FIX}
            verdict = verdict.model_copy(update={"problems": (first, first.model_copy(update=more))})
        self.listed += len(verdict.problems)
        return verdict

    def check_entry(
        self, index: int, entry: SourceFile, watcher: CheckWatcher, earlier: FileVerdict | None
    ) -> FileVerdict:
        """Check one data file; one with an `earlier` verdict is only matched to its payload and task."""
        listing = ProblemList(escape_text(entry.path))
        task = file = None
        try:
            kind, name = self._claim_name(entry)
            task = name.task
            if earlier is not None:
                return earlier.model_copy(update={"task": task})
            watcher.begin(CheckStep(kind="file", index=index, name=listing.file))
            file = self._check_file(entry, CheckTarget(kind, name, self.into, listing, self.budget))
        except InvalidFile as unfit:
            listing.add_error(unfit.what, unfit.fix)
        return FileVerdict(
            index=index, name=listing.file, task=task, file=file, problems=tuple(listing.list_problems())
        )

    def check_whole(self, watcher: CheckWatcher) -> list[Problem]:
        """Compare the files of each payload with one another; return the problems."""
        watcher.begin(CheckStep(kind="whole", index=0, name=""))
        listing = ProblemList("")
        for kind, payload in self.track.payloads.items():
            files = tuple(file for file in self.files if file.kind == kind)
            names = frozenset(name for name, its in self.kinds.items() if its == kind)
            if names:
                payload.check_whole(CheckedFiles(files, names, self.into), listing)
        return listing.list_problems()

    def check_descriptions(self, index: int, entry: SourceFile) -> FileVerdict:
        """Check a metadata.jsonl and keep its stored form, if it has no errors."""
        listing = ProblemList(escape_text(entry.path))
        try:
            if self.has_descriptions:
                raise InvalidFile(f"There is another {DESCRIPTIONS}.", "Put all lines into one file.")
            self.has_descriptions = True
            self.descriptions = check_descriptions(entry, self.tasks, self.into, listing)
        except InvalidFile as unfit:
            listing.add_error(unfit.what, unfit.fix)
        return FileVerdict(index=index, name=listing.file, problems=tuple(listing.list_problems()))

    def _claim_name(self, entry: SourceFile) -> tuple[str, ArtifactName]:
        """Return the first payload that claims a file, and the meaning of its name, now taken.

        Raises InvalidFile, with the fault that the first payload finds in the name.
        """
        faults: list[InvalidFile | str] = []
        for kind, payload in self.track.payloads.items():
            try:
                name = payload.parse_name(entry.name)
            except InvalidFile as fault:
                faults.append(fault)
                continue
            if name.task is None or name.task in self.known:
                self._take_name(entry, name)
                self.kinds[name.stored] = kind
                return kind, name
            faults.append(name.task)
        raise self.unknown.make_error(faults[0]) if isinstance(faults[0], str) else faults[0]

    def _take_name(self, entry: SourceFile, name: ArtifactName) -> None:
        """Take the name of a stored form. Raises InvalidFile if another file has it."""
        if name.stored in RESERVED_NAMES:
            raise InvalidFile(f"{name.stored} is a name of the arena's own.", "Rename the file.")
        if other := self.names.get(name.stored):
            same, fix = ("the same task", "each task") if name.task else ("the same purpose", "it")
            raise InvalidFile(f"{other} is for {same}.", f"Deliver one file for {fix}.")
        self.names[name.stored] = escape_text(entry.path)

    def _check_file(self, entry: SourceFile, target: CheckTarget) -> DataFile | None:
        """Check one file and write its stored form; None (and listed) if it has errors. Raises InvalidFile."""
        written, file = self.budget.written, None
        target.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            file = self.track.payloads[target.kind].check_file(entry, target)
        finally:
            if file is None:
                target.path.unlink(missing_ok=True)
                self.budget.written = written
        return file


def _list_task_ids(tasks: Sequence[Task], track: Track) -> list[str]:
    return [task.id for task in tasks if task.track == track.name]


def _is_descriptions(entry: SourceFile) -> bool:
    return entry.name == DESCRIPTIONS


def _problem_sort_key(problem: Problem) -> tuple[bool, str, int]:
    return problem.level != "error", problem.file, problem.line or 0
