"""The first rows of a delivered file, cut to what a page can show, and how a protocol shows a row to the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from submissions.estimation.estimate import count_row_tokens
from submissions.records.prompt_frame import PromptFrame
from submissions.records.task import Row

ROWS = 3
MAX_CHARACTERS = 800
"""Of one text, shown; the rest is counted."""


@dataclass(frozen=True)
class Text:
    """The beginning of a row's input or output."""

    shown: str
    hidden: int
    """Characters after it."""

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
    """About how many it has in a protocol's frame, by protocol."""


@dataclass(frozen=True)
class RowPreview:
    """The first rows of one file."""

    rows: tuple[SampleRow, ...]
    cut: dict[str, int]
    """How many of the rows that count are longer than a protocol takes, by protocol."""


def read_rows(file: Path) -> Iterator[Row]:
    """The rows of a file that the check wrote."""
    with file.open("rb") as lines:
        for line in lines:
            yield Row.model_validate_json(line)


def preview_rows(rows: Iterable[Row], frames: Iterable[PromptFrame]) -> RowPreview:
    """The first of some rows, and how many of them would be cut."""
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
