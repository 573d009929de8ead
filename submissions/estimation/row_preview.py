"""First rows of a delivered file, cut for display, with token counts by protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from submissions.estimation.cost_model import count_delivered
from submissions.estimation.estimate import count_row_tokens
from submissions.estimation.stage_load import DeliveredTokens
from submissions.records.base import Record, TaskId
from submissions.records.prompt_frame import PromptFrame
from submissions.records.task import Row

ROWS = 3
MAX_CHARACTERS = 800
"""Characters shown of one text; the rest is counted."""


@dataclass(frozen=True)
class Text:
    """The beginning of a row's input or output."""

    shown: str
    hidden: int
    """Number of characters after it."""

    @classmethod
    def from_text(cls, text: str) -> Text:
        return cls(text[:MAX_CHARACTERS], max(0, len(text) - MAX_CHARACTERS))


@dataclass(frozen=True)
class SampleRow:
    """One row of a preview."""

    line: int
    input: Text
    output: Text
    tokens: dict[str, int]
    """Approximate token count in each protocol's frame, by protocol."""


@dataclass(frozen=True)
class RowPreview:
    """The first rows of one file."""

    rows: tuple[SampleRow, ...]
    cut: dict[str, int]
    """Number of counting rows longer than the protocol's limit, by protocol."""


def preview_rows(rows: Iterable[Row], frames: Iterable[PromptFrame]) -> RowPreview:
    """Return the first rows, and the number of rows that would be cut."""
    known = tuple(frames)
    first: list[SampleRow] = []
    cut = dict.fromkeys((frame.protocol for frame in known), 0)
    most = max([ROWS, *(frame.max_rows for frame in known)])
    for line, row in enumerate(islice(rows, most), 1):
        tokens = {frame.protocol: count_row_tokens(row, frame) for frame in known}
        if line <= ROWS:
            first.append(SampleRow(line, Text.from_text(row.input), Text.from_text(row.output), tokens))
        for frame in known:
            cut[frame.protocol] += line <= frame.max_rows and tokens[frame.protocol] > frame.max_tokens
    return RowPreview(tuple(first), cut)


class TaskSample(Record):
    """First rows of one task's file, and its token counts."""

    task: TaskId
    preview: RowPreview
    tokens: dict[str, DeliveredTokens]
    """Tokens that a training would read, by protocol."""


def sample_file(task: str, read: Callable[[], Iterator[Row]], rows: int, frames: Iterable[PromptFrame]) -> TaskSample:
    """Sample a stored file of that many rows, which `read` yields."""
    known = tuple(frames)
    tokens = {frame.protocol: count_delivered(read(), rows, frame) for frame in known}
    return TaskSample(task=task, preview=preview_rows(read(), known), tokens=tokens)
