"""One task: its demand, its anchors, and what every system gained on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leaderboard.snapshot import Snapshot
from leaderboard.tables import Table, frame_of, in_order, reason
from leaderboard.web import View, Visit, page
from submissions.errors import NotFound
from submissions.models import Result, Score, TaskResult


@dataclass(frozen=True)
class TaskScore:
    """What one system measured on a task by one method. A missing value has its reason in `why`."""

    system: str
    team: str
    system_type: str
    method: str
    state: str
    """`scored`, or `missing` where nothing was delivered or every row was removed."""
    score: float | None
    """The headline metric, 0 to 1."""
    gain: float | None
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


@dataclass(frozen=True)
class AnchorRow:
    """The two ends of the task's scale under one protocol."""

    protocol: str
    base: Score
    reference: Score


def show(visit: Visit) -> View:
    """One task. Raises NotFound."""
    snapshot, name = visit.snapshot, visit.names["task"]
    if name not in snapshot.tasks:
        raise NotFound(f"No task {name[:120]!r}. The page /tasks lists all {len(snapshot.tasks)}.")
    results = [_of_task(result, name) for result in snapshot.results.values()]
    anchors = {result.protocol: AnchorRow(result.protocol, task.base, task.reference)
               for result, task in zip(snapshot.results.values(), results, strict=True) if task}  # fmt: skip
    context = {"task": snapshot.tasks[name], "anchors": sorted(anchors.values(), key=lambda row: row.protocol)}
    return View("task.html", context, scores_table(snapshot, name))


def scores_table(snapshot: Snapshot, name: str) -> Table:
    """Every system's score and gain on a task: by protocol and method, the highest gain first."""
    scores = [row for ulid, result in snapshot.results.items() for row in _rows(ulid, result, name)]
    scores.sort(key=lambda row: (row.system.casefold(), row.submission))
    rows = in_order(in_order(in_order(scores, "-gain"), "method"), "protocol")
    return Table(f"task-{name}", frame_of(TaskScore, rows))


def _of_task(result: Result, name: str) -> TaskResult | None:
    return next((task for task in result.tasks if task.task == name), None)


def _rows(ulid: str, result: Result, name: str) -> Iterator[TaskScore]:
    task = _of_task(result, name)
    if task is None:
        return
    for method in task.methods:
        yield TaskScore(
            system=result.system,
            team=result.team,
            system_type=result.system_type,
            method=method.method,
            state=task.state,
            score=method.score.value,
            gain=method.gain.value,
            n=method.score.n,
            rows=task.rows,
            removed=task.removed,
            why=reason(method),
            flagged=result.flagged,
            protocol=result.protocol,
            submission=ulid,
        )


ROUTES = [page("/tasks/{task:stem}{ending:ending}", show)]
