"""Observer of a running check or repair: its steps, the verdicts, and what an earlier process left to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from submissions.records.base import Record
from submissions.records.check_report import FileVerdict, Problem


class CheckStep(Record):
    """Source or file that is about to be read, or the comparison of all files with one another."""

    kind: Literal["source", "file", "whole"]
    index: int
    """Position among the sources, or in the listing of the delivery, from 0; 0 for the whole."""
    name: str
    """Escaped name."""


def _ignore(*_: object) -> None:
    pass


@dataclass(frozen=True)
class CheckWatcher:
    """Callbacks of a check, and the outcome of steps that an earlier process finished or failed at."""

    begin: Callable[[CheckStep], None] = _ignore
    """Receives each step before anything of it is read."""
    finish: Callable[[FileVerdict, int, int], None] = _ignore
    """Receives each file's verdict, the number of files done, and their total."""
    report: Callable[[tuple[Problem, ...]], None] = _ignore
    """Receives the problems of the delivery's layout."""
    finished: Mapping[int, FileVerdict] = field(default_factory=dict)
    """Verdicts by index; these files are not read again."""
    refused: Mapping[int, Problem] = field(default_factory=dict)
    """Sources by index that are not opened again."""
