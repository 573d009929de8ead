"""What one system measured on a task, with a field for each column of the task's table."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.data.tables.table_frames import TableRow


@dataclass(frozen=True, slots=True)
class TaskScore(TableRow):
    """What one system measured on a task by one method. A missing value has its reason in `why`."""

    system: str
    team: str
    system_type: str
    method: str
    state: str
    """`scored`, or `missing` where nothing was delivered or every row was removed."""
    score: float | None
    """The headline metric, 0 to 1."""
    score_low: float | None
    score_high: float | None
    gain: float | None
    """What the score is worth, on the scale that `scale` names."""
    gain_low: float | None
    gain_high: float | None
    scale: str
    """`gain`, or `ratio`, where 1 is the reference score."""
    n: int
    """Test items."""
    rows: int
    """Rows trained on."""
    removed: int
    """Rows removed as copies of test rows."""
    why: str | None
    flagged: str | None
    protocol: str
    submission: str
