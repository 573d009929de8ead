"""Messages between a program and its check process: JSON lines, validated by both.

The program treats a message as data: a process that parses a stranger's file might send anything.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote_from_bytes, unquote_to_bytes

from pydantic import Field, TypeAdapter

from submissions.checking.watcher import CheckStep
from submissions.estimation.row_preview import TaskSample
from submissions.records.base import Record
from submissions.records.check_report import FileVerdict, Problem
from submissions.records.prompt_frame import PromptFrame
from submissions.records.submission import DataFile, DescriptionFile
from submissions.records.task import Task
from submissions.repair.repair import FileRepair

MAX_MESSAGE_BYTES = 4 * 2**20
"""Bytes of one message of a check process."""
MAX_REPLY_BYTES = 64 * 2**20
"""Bytes of all messages of a check process together."""

OUT_OF_MEMORY = 77
"""Exit code of a check process without memory, which cannot even send a message."""


class ReadRequest(Record):
    """Request to check, or to repair, a delivery."""

    kind: Literal["check", "repair"]
    sources: tuple[str, ...]
    """Paths, encoded by `encode_path`."""
    into: str
    tasks: tuple[Task, ...]
    track: str
    """Name of the module that holds the track: payloads are code, and travel by reference."""
    finished: dict[int, FileVerdict] = Field(default_factory=dict)
    refused: dict[int, Problem] = Field(default_factory=dict)


class SampleRequest(Record):
    """Request to sample the rows that a check wrote, and to count their tokens."""

    kind: Literal["sample"] = "sample"
    into: str
    track: str
    files: tuple[DataFile, ...]
    frames: tuple[PromptFrame, ...]


class StepBegun(Record):
    """A source or file is about to be read."""

    kind: Literal["step"] = "step"
    step: CheckStep


class LayoutReported(Record):
    """Problems of the delivery's layout."""

    kind: Literal["layout"] = "layout"
    problems: tuple[Problem, ...]


class FileFinished(Record):
    """A file has its verdict."""

    kind: Literal["file"] = "file"
    verdict: FileVerdict
    done: int
    of: int


class CheckFinished(Record):
    """The check is over."""

    kind: Literal["checked"] = "checked"
    problems: tuple[Problem, ...]
    descriptions: DescriptionFile | None


class FileRepaired(Record):
    """A file was changed."""

    kind: Literal["repaired"] = "repaired"
    repair: FileRepair


class RepairFinished(Record):
    """The repair is over."""

    kind: Literal["rewritten"] = "rewritten"
    problems: tuple[Problem, ...]


class SampleTaken(Record):
    """Rows and token counts of one task."""

    kind: Literal["sample"] = "sample"
    sample: TaskSample


class SamplesFinished(Record):
    """All samples were taken."""

    kind: Literal["sampled"] = "sampled"


class CheckFault(Record):
    """Reason for the end of a check without a result."""

    kind: Literal["fault"] = "fault"
    fault: Literal["not_found", "machine", "program"]
    number: int = 0
    """Error number of a failure of the machine."""
    text: str = Field(max_length=20_000)


Request = Annotated[ReadRequest | SampleRequest, Field(discriminator="kind")]
Message = Annotated[
    StepBegun
    | LayoutReported
    | FileFinished
    | CheckFinished
    | FileRepaired
    | RepairFinished
    | SampleTaken
    | SamplesFinished
    | CheckFault,
    Field(discriminator="kind"),
]
REQUESTS: TypeAdapter[Request] = TypeAdapter(Request)
MESSAGES: TypeAdapter[Message] = TypeAdapter(Message)


def encode_path(path: Path) -> str:
    """Encode a path; its name may be no text."""
    return quote_from_bytes(os.fsencode(path))


def encode_paths(paths: Sequence[Path]) -> tuple[str, ...]:
    """Encode several paths."""
    return tuple(map(encode_path, paths))


def decode_path(text: str) -> Path:
    """Decode what `encode_path` returned."""
    return Path(os.fsdecode(unquote_to_bytes(text)))
