"""Work of an evaluation's stages: what a track says of one task, and what estimates add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from submissions.records.prompt_frame import EvalSetLoad, PlanningFacts


@dataclass(frozen=True)
class DeliveredTokens:
    """Token counts of one task's delivery."""

    rows: int
    tokens_trained: int
    """Tokens in all epochs, each row cut."""
    row_tokens: float
    """Mean tokens of a row that counts, after the cut."""


@dataclass(frozen=True)
class Load:
    """Tokens of one phase's work."""

    trained: float = 0
    trainings: int = 0
    read: float = 0
    """Prompt tokens."""
    written: float = 0


@dataclass(frozen=True)
class StageLoad:
    """Work of one task in a stage, or in a phase of one."""

    stage: str
    """Stage, one of the track's. Its phases run one after the other, as one unit; stages do not overlap."""
    phase: str
    """Name in the plan: the stage's own, unless it has several phases."""
    expected: Load = Load()
    most: Load = Load()
    """Greatest amount, with nothing shared and every answer at its limit."""
    units: int = 1
    """Parts of the work that different workers can take."""
    screened_rows: int = 0
    """Rows read by the coordinator alone, which no other worker shares."""


Workload = Callable[[DeliveredTokens, EvalSetLoad, PlanningFacts], tuple[StageLoad, ...]]
"""A track's work for one task, in the order of its stages: from the delivery, the evaluation set, and the facts that an
evaluator published."""
