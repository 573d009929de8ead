"""Groups problems that differ only in their line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from submissions.records.check_report import Problem

MAX_LINES = 12
"""Lines listed per group; the rest are counted."""


@dataclass
class Group:
    """One problem, with its other locations."""

    level: str
    file: str
    what: str
    fix: str
    lines: list[int]

    @property
    def named(self) -> list[int]:
        return self.lines[:MAX_LINES]

    @property
    def more(self) -> int:
        return len(self.lines) - len(self.named)


def group_problems(problems: Iterable[Problem]) -> list[Group]:
    """Group problems, errors first, else in order; each group takes its first problem's position."""
    groups: dict[tuple[str, str, str, str], Group] = {}
    for one in sorted(problems, key=lambda problem: problem.level != "error"):
        key = (one.level, one.file, one.what, one.fix)
        group = groups.setdefault(key, Group(*key, lines=[]))
        if one.line is not None:
            group.lines.append(one.line)
    return list(groups.values())
