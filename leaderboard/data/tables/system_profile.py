"""Tables of a system's page: its submissions, and one result by task beside the leader and the reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import numpy as np
import pandas as pd

from leaderboard.data.comparison_key import ComparisonKey
from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.systems import System, SystemResult, scores_by_task
from leaderboard.data.tables.table_frames import Table, TableRow, frame_of, missing_reason
from submissions.index.result_summary import Floats, ResultLayout, ResultSummary
from submissions.index.result_tables import scale_name
from submissions.records.base import Score
from submissions.records.result import MethodScore
from submissions.records.task import Task

REFERENCE = 1.0
"""Stored value of the model trained on the real data, on scales that have it."""


@dataclass(frozen=True)
class SystemTaskRow(TableRow):
    """One task: the system's gain, and its distance from the leader and from the reference."""

    task: str
    title: str
    category: str | None
    kind: str | None
    method: str
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    to_leader: float | None
    """Gain minus the highest gain of all unflagged entries on this task; 0 for the leader itself."""
    leader: str | None
    leader_gain: float | None
    leader_submission: str | None
    to_reference: float | None
    """Gain minus 1, the value of the model trained on the real data; None on a scale without it."""
    scale: str
    """`gain`, or `ratio`, where 1 is the reference score."""
    rows: int
    why: str | None
    """Reason for a missing gain, or for having nothing to score."""


@dataclass(frozen=True)
class Leader:
    """The highest gain on a task."""

    gain: float
    system: str
    submission: str


@cached_per_snapshot
def find_leaders(snapshot: Snapshot, track: str, protocol: str, method: str) -> dict[str, Leader]:
    """Find the leader on each task among unflagged entries with data for it; ties go to the earlier one."""
    found: dict[str, Leader] = {}
    best: dict[str, float] = {}
    for ulid, result in snapshot.published:
        if (result.track, result.protocol, result.flagged) == (track, protocol, None):
            gains = result.gains_by_task(method)
            # Nobody leads by having delivered nothing.
            delivered = np.isfinite(gains) & result.scored
            for at in np.flatnonzero(delivered & (gains > _gains_to_beat(best, result.layout))):
                best[result.layout.tasks[at]] = float(gains[at])
                found[result.layout.tasks[at]] = Leader(float(gains[at]), result.system, ulid)
    return found


def system_task_table(snapshot: Snapshot, entry: SystemResult, terms: ComparisonKey) -> Table:
    """Build a system's result by one method on every task of the subset, in benchmark order."""
    best = find_leaders(snapshot, terms.track, terms.protocol, terms.method)
    delivered = dict(zip(entry.result.layout.tasks, entry.result.rows.tolist(), strict=True))
    reference = None if scale_of(snapshot, terms.protocol).reference is None else REFERENCE
    rows = [
        _system_task_row(snapshot.tasks.get(name), name, score, best.get(name), reference, delivered[name])
        for name, score in scores_by_task(snapshot, entry.result, terms.method, terms.subset).items()
    ]
    return Table(f"system-{entry.slug}-{terms.protocol}-{terms.method}-{terms.subset}", frame_of(SystemTaskRow, rows))


def _system_task_row(
    task: Task | None, name: str, score: MethodScore, leader: Leader | None, reference: float | None, rows: int
) -> SystemTaskRow:
    gain = score.gain
    low, high = gain.interval or (None, None)
    return SystemTaskRow(
        task=name,
        title=task.title if task else name,
        category=task.category if task else None,
        kind=task.kind if task else None,
        method=score.method,
        gain=gain.value,
        gain_low=low,
        gain_high=high,
        to_leader=gain.value - leader.gain if gain.value is not None and leader else None,
        leader=leader.system if leader else None,
        leader_gain=leader.gain if leader else None,
        leader_submission=leader.submission if leader else None,
        to_reference=gain.value - reference if gain.value is not None and reference is not None else None,
        scale=scale_name(gain),
        rows=rows,
        why=missing_reason(score),
    )


def run_table(snapshot: Snapshot, system: System, terms: ComparisonKey, protocols: tuple[str, ...]) -> Table:
    """Build the list of a system's submissions, newest first, with overall-figure columns per protocol."""
    rows = [_run_row(snapshot, ulid, terms, protocols) for ulid in reversed(system.runs)]
    ends = [f"{name}{end}" for name in protocols for end in ("", "_low", "_high")]
    texts = ["submission", "received", "track", "state", "message", *(f"{name}_apart" for name in protocols)]
    types = dict.fromkeys(texts, "str") | dict.fromkeys(ends, "Float64")
    frame = pd.DataFrame(rows, columns=[*texts, *ends], dtype="object").astype(types)
    return Table(f"system-{system.slug}-submissions", frame)


def _run_row(snapshot: Snapshot, ulid: str, terms: ComparisonKey, protocols: tuple[str, ...]) -> dict[str, Any]:
    submission, history = snapshot.briefs.get(ulid), snapshot.histories.get(ulid)
    results = snapshot.results.get(ulid, {})
    row: dict[str, Any] = {
        "submission": ulid,
        "received": submission.created_at.astimezone(UTC).isoformat(timespec="seconds") if submission else None,
        "track": submission.track if submission else next((one.track for one in results.values()), None),
        "state": history.now.state if history else "unknown",
        "message": history.now.message if history else None,
    }
    for name in protocols:
        result = results.get(name)
        total = overall_score(result, terms) if result else None
        low, high = (total.interval if total else None) or (None, None)
        row |= {name: total.value if total else None, f"{name}_low": low, f"{name}_high": high}
        row[f"{name}_apart"] = result.flagged if result else None
    return row


def overall_score(result: ResultSummary, terms: ComparisonKey) -> Score | None:
    """Return the result's mean over all tasks of the subset by the method; None without such a total."""
    total = result.find_total(terms.method, terms.subset, "overall")
    return total.gain if total else None


def _gains_to_beat(best: Mapping[str, float], layout: ResultLayout) -> Floats:
    """The highest gain so far on each task of a layout."""
    return np.array([best.get(task, -np.inf) for task in layout.tasks])
