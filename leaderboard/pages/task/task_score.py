"""One system's scores on a task, with a field for each column of the task's table."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.data.tables.table_frames import TableRow


@dataclass(frozen=True, slots=True)
class TaskScore(TableRow):
    """One system's score on a task by one method. A missing value has its reason in `why`."""

    system: str
    team: str
    system_type: str
    method: str
    state: str
    """`scored`, or `missing` if nothing was delivered or every row was removed."""
    score: float | None
    """The headline metric, 0 to 1."""
    score_low: float | None
    score_high: float | None
    gain: float | None
    """Gain of the score, on the scale named by `scale`."""
    gain_low: float | None
    gain_high: float | None
    scale: str
    """`gain`, or `ratio`, where 1 is the reference score."""
    n: int
    """Number of test items."""
    rows: int
    """Number of rows trained on."""
    removed: int
    """Number of rows removed as copies of test rows."""
    why: str | None
    flagged: str | None
    protocol: str
    submission: str
