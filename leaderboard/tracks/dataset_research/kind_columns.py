"""Row of the DatasetResearch board: its two kinds of tasks have totals of their own."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.board.row import BoardRow, SystemColumns


@dataclass(frozen=True, kw_only=True)
class KindColumns(SystemColumns):
    """The totals of each kind of tasks, after the overall figure."""

    __slots__ = ()

    knowledge: float | None
    knowledge_low: float | None
    knowledge_high: float | None
    reasoning: float | None
    reasoning_low: float | None
    reasoning_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetResearchRow(BoardRow, KindColumns):
    """One system's totals. A missing value is None, with the reason in `unscored`."""
