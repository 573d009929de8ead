"""Progress of reading one delivery, over all processes that it takes."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from submissions.check_process.messages import (
    CheckFinished,
    FileFinished,
    FileRepaired,
    LayoutReported,
    Message,
    ReadRequest,
    RepairFinished,
    StepBegun,
    encode_path,
    encode_paths,
)
from submissions.check_process.process import Cause, CheckProcessEnded
from submissions.checking.check import DeliveryScan, build_report
from submissions.checking.descriptions import NAME as DESCRIPTIONS
from submissions.checking.limits import CHECK_SECONDS, FILE_CPU_SECONDS, FILE_SECONDS, MAX_FILE_BYTES, MAX_MEMORY_BYTES
from submissions.checking.watcher import CheckStep
from submissions.records.check_report import FileVerdict, Problem, Report
from submissions.records.submission import DataFile, DescriptionFile
from submissions.records.task import Task
from submissions.repair.repair import FileRepair, RewrittenDelivery
from submissions.tracks import find_module
from submissions.tracks.track import Track

Progress = Callable[[str, int, int], None]
"""Progress callback: receives a file's name, the number of files done, and the total."""

Tell = Callable[[Sequence[Problem]], None]
"""Callback that receives the findings of one file as soon as they are known."""

_REFUSALS: dict[Cause, tuple[str, str | None]] = {
    "damaged": (
        "It cannot be read: it is damaged or encrypted.",
        "Write the file again, without encryption, or deliver it as JSON lines.",
    ),
    "memory": (
        f"It needs more memory than a check may use ({MAX_MEMORY_BYTES:,} bytes).",
        "Write a table in smaller row groups, or deliver it as JSON lines with shorter rows.",
    ),
    "processor": (f"Reading it took more than {FILE_CPU_SECONDS} seconds of computing.", None),
    "slow": (f"Reading it took longer than {FILE_SECONDS:.0f} seconds.", None),
    "disk": (f"It takes more disk than a check may write ({MAX_FILE_BYTES:,} bytes for a file).", None),
}
"""Fault and fix of a step that ended a process; None for the track's advice on smaller files."""

_PATH = re.compile(r"data(/[A-Za-z0-9][A-Za-z0-9._-]*){1,4}", re.ASCII)
"""Paths of stored forms."""


@dataclass
class ReadProgress:
    """Everything that the processes reported so far, and the request for the next one."""

    kind: Literal["check", "repair"]
    sources: tuple[Path, ...]
    tasks: tuple[Task, ...]
    into: Path
    track: Track
    progress: Progress | None = None
    tell: Tell | None = None
    verdicts: dict[int, FileVerdict] = field(default_factory=dict)
    """Verdicts by the file's index."""
    ended: dict[int, FileVerdict] = field(default_factory=dict)
    """Those on files that ended a process."""
    refused: dict[int, Problem] = field(default_factory=dict)
    """Sources that ended a process, by index."""
    layout: tuple[Problem, ...] | None = None
    descriptions: DescriptionFile | None = None
    repairs: list[FileRepair] = field(default_factory=list)
    closing: tuple[Problem, ...] = ()
    """Problems of a delivery that was not read to its end."""
    _step: CheckStep | None = None

    def make_request(self) -> ReadRequest:
        """Return the request for the next process; remove files that the last one left unfinished."""
        kept = {self._stored_path(verdict.file) for verdict in self.verdicts.values() if verdict.file}
        for file in self.into.rglob("*"):
            if file not in kept and not file.is_dir():
                file.unlink()
        self._step = None
        self.repairs.clear()
        return ReadRequest(
            kind=self.kind,
            sources=encode_paths(self.sources),
            into=encode_path(self.into),
            tasks=self.tasks,
            track=find_module(self.track),
            finished=self.ended if self.kind == "repair" else self.verdicts,
            refused=self.refused,
        )

    def take_message(self, message: Message) -> None:
        """Record a message. Raises CheckProcessEnded for one that contradicts the delivery."""
        match message:
            case StepBegun():
                self._step = message.step
            case LayoutReported():
                if self.layout is None:
                    self._tell(message.problems)
                self.layout = message.problems
            case FileFinished():
                self._take_verdict(message)
            case CheckFinished():
                self._require(message.descriptions is None or message.descriptions.path == DESCRIPTIONS)
                self.layout, self.descriptions = message.problems, message.descriptions
            case FileRepaired():
                self._require("/" not in message.repair.name and (self.into / message.repair.name).is_file())
                self.repairs.append(message.repair)
            case RepairFinished():
                self.layout = message.problems
            case _:
                self._require(False)

    def refuse_step(self, cause: Cause) -> bool:
        """Refuse the source or file at which the process ended; False if it was at none."""
        step, self._step = self._step, None
        if step is None or cause not in _REFUSALS:
            return False
        what, fix = _REFUSALS[cause]
        problem = Problem(level="error", file=step.name, what=what, fix=fix or self.track.size_fix)
        if step.kind == "whole":
            self.closing = (problem,)
        elif step.kind == "source":
            self.refused[step.index] = problem
        else:
            verdict = FileVerdict(index=step.index, name=step.name, problems=(problem,))
            self.verdicts[step.index] = self.ended[step.index] = verdict
        self._tell((problem,))
        return True

    def give_up(self, *, is_late: bool) -> None:
        """Close the delivery without reading the rest of its files; a repair leaves nothing half done."""
        self._step = None
        if self.kind == "repair":
            for file in self.into.iterdir():
                file.unlink()
        if is_late:
            what = f"The check took longer than {CHECK_SECONDS:.0f} seconds; the other files were not checked."
        else:
            what = f"{len(self.ended) + len(self.refused)} files could not be read; the others were not checked."
        self.closing = (Problem(level="error", file="", what=what, fix="Correct or remove these files."),)
        self._tell(self.closing)

    def build_report(self) -> Report:
        """Build the report of a check."""
        verdicts = [verdict for _, verdict in sorted(self.verdicts.items())]
        layout = self.layout if self.layout is not None else tuple(self.refused.values())
        return build_report(DeliveryScan((*layout, *self.closing), self.descriptions), verdicts, self.tasks, self.track)

    def build_rewritten(self) -> RewrittenDelivery:
        """Build the outcome of a repair before its check; one that was not finished changes nothing."""
        return RewrittenDelivery(() if self.closing else tuple(self.repairs), self.layout or ())

    def _take_verdict(self, message: FileFinished) -> None:
        verdict = message.verdict
        if file := verdict.file:
            stored = self._stored_path(file)
            self._require(_PATH.fullmatch(file.path) is not None and file.kind in self.track.payloads)
            self._require(file.task == verdict.task)
            of_track = (task.id for task in self.tasks if task.track == self.track.name)
            self._require(file.task is None or file.task in of_track)
            self._require(stored.parent.resolve().is_relative_to(self.into.resolve()))
            self._require(stat.S_ISREG(stored.lstat().st_mode) and stored.stat().st_size == file.bytes)
        self._step = None
        if verdict.index not in self.verdicts:
            self._tell(verdict.problems)
            if self.progress:
                self.progress(verdict.name, message.done, message.of)
        self.verdicts[verdict.index] = verdict

    def _stored_path(self, file: DataFile) -> Path:
        return self.into / file.path.removeprefix("data/")

    def _tell(self, problems: Sequence[Problem]) -> None:
        if self.tell:
            self.tell(problems)

    def _require(self, is_sound: bool) -> None:
        if not is_sound:
            raise CheckProcessEnded("damaged")
