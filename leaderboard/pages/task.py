"""One task: its demand, its anchors, and what every system gained on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.difficulty import CORNER
from leaderboard.protocols import scale_of
from leaderboard.snapshot import Snapshot
from leaderboard.standing import standing
from leaderboard.tables import Table, frame_of, in_order
from leaderboard.web import View, Visit, page, site_of
from submissions.details import BY_METHOD
from submissions.errors import NotFound
from submissions.models import Task
from submissions.summary import ABSENT, Summary

MOST_SHOWN = 50
"""Rows of each method on the page; its twins hold all."""


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


@dataclass(frozen=True)
class AnchorRow:
    """The two ends of the task's scale under one protocol."""

    protocol: str
    base: float | None
    """What the untouched model scores, 0 to 1."""
    base_low: float | None
    base_high: float | None
    reference: float | None
    """What it scores after training on the real data set: the mean over training seeds."""
    reference_low: float | None
    reference_high: float | None
    seed_sd: float | None
    """Standard deviation of the reference score between training seeds; None with fewer than two."""
    n: int
    """Test items."""
    base_why: str | None
    """Why there is no base score."""
    reference_why: str | None


def show(visit: Visit) -> View:
    """One task. Raises NotFound."""
    snapshot, name = visit.snapshot, visit.names["task"]
    task, table = _task(snapshot, name), scores_table(snapshot, name)
    # Numbers of different protocols never share a column, so each has a table of its own on the page.
    by_protocol = [(key, scale_of(key), list(rows)) for key, rows in groupby(table.rows, itemgetter("protocol"))]
    standings = {key: standing(snapshot, task, key, rows) for key, _, rows in by_protocol}
    shown = {key: list(_best(rows)) for key, _, rows in by_protocol}
    context = {
        "task": task,
        "anchors": anchors_table(snapshot, name).rows,
        "by_protocol": by_protocol,
        "shown": shown,
        "most": MOST_SHOWN,
        "standings": standings,
        "corner": CORNER,
    }
    return View("task.html", context, table)


def _best(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The first rows of each method, of rows that stand in order."""
    for _, of_method in groupby(rows, itemgetter("method")):
        yield from islice(of_method, MOST_SHOWN)


def show_anchors(visit: Visit) -> View:
    """The twins of the table of anchors, which itself stands on the task's page. Raises NotFound."""
    task = _task(visit.snapshot, visit.names["task"])
    return View("task.html", table=anchors_table(visit.snapshot, task.id))


def to_anchors(request: Request) -> Response:
    """The anchors have no page of their own: to their place on the task's. Raises NotFound."""
    task = _task(site_of(request).reader.snapshot(), request.path_params["task"])
    return RedirectResponse(f"/tasks/{task.id}#anchors")


def anchors_table(snapshot: Snapshot, name: str) -> Table:
    """A task's anchors by protocol, from the newest result under each."""
    newest = {
        result.protocol: (ulid, result) for ulid, result in snapshot.published if name in result.layout.place_of_task
    }
    anchors = [_anchor(snapshot, ulid, result, name) for ulid, result in newest.values()]
    return Table(f"task-{name}-anchors", frame_of(AnchorRow, in_order(anchors, "protocol")))


def scores_table(snapshot: Snapshot, name: str) -> Table:
    """Every system's score and gain on a task: by protocol and method, the highest gain first."""
    scores = [row for ulid, result in snapshot.published for row in _rows(snapshot, ulid, result, name)]
    scores.sort(key=lambda row: (row.system.casefold(), row.submission))
    rows = in_order(in_order(in_order(scores, "-gain"), "method"), "protocol")
    return Table(f"task-{name}", frame_of(TaskScore, rows))


def _task(snapshot: Snapshot, name: str) -> Task:
    if name not in snapshot.tasks:
        raise NotFound(f"No task {name[:120]!r}. The page /tasks lists all {len(snapshot.tasks)}.")
    return snapshot.tasks[name]


def _anchor(snapshot: Snapshot, ulid: str, result: Summary, name: str) -> AnchorRow:
    line = snapshot.line(ulid, result, name)
    assert line
    values: dict[str, Any] = {
        f"{of}{end}": line.of_task(f"{of}{end}") for of in ("base", "reference") for end in ("", "_low", "_high")
    }
    whys = snapshot.whys(ulid, result)
    return AnchorRow(
        **values,
        protocol=result.protocol,
        seed_sd=line.of_task("seed_sd"),
        n=int(line.of_task("base_n") or 0),
        base_why=whys.get(f"{name}/base"),
        reference_why=whys.get(f"{name}/reference"),
    )


def _rows(snapshot: Snapshot, ulid: str, result: Summary, name: str) -> Iterator[TaskScore]:
    at, line = result.layout.place_of_task.get(name), snapshot.line(ulid, result, name)
    if at is None or line is None:
        return
    for method, gain in zip(result.layout.methods, result.gains[at].tolist(), strict=True):
        if gain == ABSENT:
            continue
        values: dict[str, Any] = {key: line.of_method(method, key) for key in BY_METHOD if key != "n"}
        values["gain"] = None if gain != gain else gain
        yield TaskScore(
            **values,
            system=result.system,
            team=result.team,
            system_type=result.system_type,
            method=method,
            state="scored" if result.scored[at] else "missing",
            scale=result.scale,
            n=int(line.of_method(method, "n") or 0),
            rows=int(result.rows[at]),
            removed=int(line.of_task("removed") or 0),
            why=_why(snapshot, ulid, result, f"{name}/{method}")
            if None in (values["score"], gain) or gain != gain
            else None,
            flagged=result.flagged,
            protocol=result.protocol,
            submission=ulid,
        )


def _why(snapshot: Snapshot, ulid: str, result: Summary, place: str) -> str | None:
    """Why a score or gain is missing, as `reason` says it of a whole result."""
    whys = snapshot.whys(ulid, result)
    reasons = {why for part in ("score", "gain") if (why := whys.get(f"{place}/{part}"))}
    return "; ".join(sorted(reasons)) or None


ROUTES = [
    Route("/tasks/{task}/anchors", to_anchors),
    page("/tasks/{task}/anchors{ending:ending}", show_anchors),
    page("/tasks/{task:stem}{ending:ending}", show),
]
