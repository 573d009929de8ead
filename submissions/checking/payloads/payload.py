"""Payload: one kind of artifact that a track accepts, with the names and the check of its files.

A track lists its payloads (`Track.payloads`), and the check gives each delivered file to the first one that claims its
name. A payload of one file for each task needs `parse_name` and `check_file`; one of several files for a task, or of
files for no task, puts the task into each `ArtifactName`, and compares its files in `check_whole`.
"""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar

from submissions.checking.delivery_budget import DeliveryBudget
from submissions.checking.file_names import parse_task_name
from submissions.checking.limits import MAX_FILE_BYTES
from submissions.checking.problem_list import ProblemList
from submissions.checking.source_file import SourceFile
from submissions.errors import InvalidFile
from submissions.records.submission import DataFile
from submissions.records.task import Row

LEAVE_OUT_FIX = "Write rows into it, or leave it out: a missing task counts as no gain."


@dataclass(frozen=True)
class ArtifactName:
    """Meaning of a delivered file's name."""

    task: str | None
    """Task that the file is for; None for a file of the delivery as a whole."""
    stored: str
    """Name of its stored form, for example `<task id>.jsonl`, with / between folders. Only one file may have it; it has
    no other characters than letters, digits, dot, hyphen and underscore.
    """
    ending: str = ""
    """Format of the delivered file, where the payload has several."""


@dataclass(frozen=True)
class CheckTarget:
    """Place where a file's check reports problems and writes the stored form."""

    kind: str
    """Key of the payload in its track."""
    name: ArtifactName
    into: Path
    listing: ProblemList
    budget: DeliveryBudget

    @property
    def path(self) -> Path:
        """Path of the stored form during the check."""
        return self.into / self.name.stored

    def describe_file(self, sha256: str, size: int, items: int) -> DataFile:
        """Return the record of a stored form that was written to `path`."""
        path = f"data/{self.name.stored}"
        return DataFile(kind=self.kind, task=self.name.task, path=path, sha256=sha256, bytes=size, rows=items)

    def store_content(self, content: bytes, items: int) -> DataFile:
        """Write the stored form of a file with so many items; return its record. Raises InvalidFile over a limit."""
        self.budget.take_written(len(content))
        self.path.write_bytes(content)
        return self.describe_file(hashlib.sha256(content).hexdigest(), len(content), items)


@dataclass(frozen=True)
class CheckedFiles:
    """Files of one payload after each was checked."""

    files: tuple[DataFile, ...]
    """Those without errors, in stored form."""
    names: Collection[str]
    """Stored names of all that were delivered, with errors or without."""
    into: Path
    """Folder of the stored forms."""


class Payload(ABC):
    """One kind of artifact: the names and the check of its files."""

    name_form: ClassVar[str] = "<task id>.jsonl"
    """Form of its files' names, for messages."""
    folders: ClassVar[int] = 0
    """Number of folders in its files' names: 1 for `<task id>/plan.json`."""
    max_file_bytes: int = MAX_FILE_BYTES
    """Byte limit of a delivered file; a larger one is rejected unread."""

    @property
    def hub_endings(self) -> tuple[str, ...]:
        """Endings of its files in a data set on the Hub; none if they lie in folders, which are not fetched."""
        return () if self.folders else (f".{self.name_form.rpartition('.')[2]}",)

    @property
    def size_fix(self) -> str:
        """Advice for a file or delivery that is too large, or takes too long to read."""
        return "Deliver fewer or smaller files."

    def name_file(self, task: str) -> str:
        """Return the name of a delivered file for a task."""
        return self.name_form.replace("<task id>", task)

    def parse_name(self, name: str) -> ArtifactName:
        """Return the meaning of a file's name; this claims the file. Raises InvalidFile for another payload's name.

        A name of an unknown task is not claimed either. The default claims `name_form` for each task.
        """
        ending = self.name_form.rpartition(".")[2]
        return ArtifactName(task=parse_task_name(name, ending), stored=name)

    @abstractmethod
    def check_file(self, entry: SourceFile, target: CheckTarget) -> DataFile | None:
        """Check a file and write its stored form to `target.path`; None (and listed) for one with errors.

        Raises InvalidFile for a file that cannot be used at all. What is left at the path of a rejected file is
        removed.
        """

    def check_whole(self, checked: CheckedFiles, listing: ProblemList) -> None:  # noqa: B027
        """List problems between the payload's files, once all are checked; most payloads have nothing to compare."""

    @contextmanager
    def open_entry(self, entry: SourceFile) -> Iterator[IO[bytes]]:
        """Open a delivered file that is neither empty nor too large. Raises InvalidFile."""
        with entry.open() as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            if size == 0:
                raise InvalidFile("The file is empty (0 bytes).", LEAVE_OUT_FIX)
            if size > self.max_file_bytes:
                raise InvalidFile(f"The file has {size:,} bytes.", f"Deliver at most {self.max_file_bytes:,} bytes.")
            yield stream


class ReadablePayload(Payload):
    """Payload whose files hold what a training would read: the form previews its rows and estimates its cost."""

    @abstractmethod
    def read_rows(self, file: Path) -> Iterator[Row]:
        """Yield the rows of a stored file."""
