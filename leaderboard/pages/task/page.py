"""Page of one task: its demand, its anchors, and every system's gain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.board.pagination import Page
from leaderboard.data.memoize import lru_per_snapshot
from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.table_frames import Table, TableRow, frame_of, sort_rows
from leaderboard.data.tables.task_difficulty import define_corner_case
from leaderboard.data.trivial_baselines import baselines_by_task
from leaderboard.pages.task.overview import task_overview
from leaderboard.pages.task.task_score import TaskScore
from leaderboard.pages.tasks.page import tasks_query
from leaderboard.tracks import board_named
from leaderboard.web.site import PageRequest, View, page_route, site_of
from submissions.errors import NotFound
from submissions.index.result_summary import NOT_MEASURED, ResultSummary
from submissions.records.task import Task
from submissions.tracks import get_track


@dataclass(frozen=True)
class AnchorRow(TableRow):
    """Base and reference score of the task under one protocol."""

    protocol: str
    base: float | None
    """Score of the untouched model, 0 to 1."""
    base_low: float | None
    base_high: float | None
    reference: float | None
    """Score of the model trained on the real data set: the mean over training seeds."""
    reference_low: float | None
    reference_high: float | None
    seed_sd: float | None
    """Standard deviation of the reference score between training seeds; None with fewer than two."""
    n: int
    """Number of test items."""
    base_why: str | None
    """Reason for a missing base score."""
    reference_why: str | None


def task_page(visit: PageRequest) -> View:
    """Render one task. Raises NotFound."""
    snapshot, task = visit.snapshot, _require_task(visit.snapshot, visit.names["task"])
    if visit.names["ending"]:
        return View("task.html", table=scores_table(snapshot, task.id))
    window, track, board = Page.from_query(visit.query), get_track(task.track), board_named(task.track)
    # Numbers of different protocols never share a column, so each has a table of its own on the page.
    by_protocol = {key: list(rows) for key, rows in groupby(_task_scores(snapshot, task.id), attrgetter("protocol"))}
    context = {
        "task": task,
        "track": track,
        "columns": board.task_labels,
        "counts": [name for name in ("rows", "removed") if name in board.task_labels],
        "headline": track.headline_method,
        "tasks_query": partial(tasks_query, track.name),
        "anchors": anchors_table(snapshot, task.id).rows if "base" in board.task_labels else [],
        "by_protocol": [
            (key, scale_of(snapshot, key), _table_parts(rows, window)) for key, rows in by_protocol.items()
        ],
        "standings": {key: task_overview(snapshot, task, key, rows) for key, rows in by_protocol.items()},
        "corner": define_corner_case(track),
        "floors": {key: baselines_by_task(snapshot, task.track, key).get(task.id, []) for key in by_protocol},
        "rough": _rough_reasons(snapshot, task.id),
    }
    return View("task.html", context)


@dataclass(frozen=True)
class TaskTablePart:
    """The first rows of one method."""

    method: str
    rows: list[TaskScore]
    of: int
    """Total number of rows of the method."""
    more: int
    """Number of rows that the next link requests; 0 if all are shown."""


def _table_parts(rows: Iterable[TaskScore], window: Page) -> list[TaskTablePart]:
    """A protocol's rows by method, limited to the window."""
    found = []
    for method, same in groupby(rows, attrgetter("method")):
        of_method = list(same)
        then = window.next_page(len(of_method))
        found.append(TaskTablePart(method, of_method[: window.end], len(of_method), then.end or 0 if then else 0))
    return found


def _rough_reasons(snapshot: Snapshot, name: str) -> dict[str, str]:
    """Reason of the task's rough intervals by protocol, from the newest result under each that has one."""
    found = {
        result.protocol: snapshot.missing_reasons(ulid, result).get(f"{name}/rough")
        for ulid, result in snapshot.published
    }
    return {protocol: reason for protocol, reason in found.items() if reason}


def anchors_export(visit: PageRequest) -> View:
    """Downloads of the anchor table, which is part of the task's page. Raises NotFound."""
    task = _require_task(visit.snapshot, visit.names["task"])
    return View("task.html", table=anchors_table(visit.snapshot, task.id))


def redirect_to_anchors(request: Request) -> Response:
    """Redirect to the anchors on the task's page. Raises NotFound."""
    task = _require_task(site_of(request).reader.snapshot(), request.path_params["task"])
    return RedirectResponse(f"/tasks/{task.id}#anchors")


def anchors_table(snapshot: Snapshot, name: str) -> Table:
    """A task's anchors by protocol, from the newest result under each."""
    newest = {
        result.protocol: (ulid, result) for ulid, result in snapshot.published if name in result.layout.task_positions
    }
    anchors = [_anchor_row(snapshot, ulid, result, name) for ulid, result in newest.values()]
    return Table(f"task-{name}-anchors", frame_of(AnchorRow, sort_rows(anchors, "protocol")))


def scores_table(snapshot: Snapshot, name: str) -> Table:
    """Build every system's score and gain on a task, by protocol and method, highest gain first."""
    return Table(f"task-{name}", frame_of(TaskScore, _task_scores(snapshot, name)))


@lru_per_snapshot(most=4, rows=40_000)
def _task_scores(snapshot: Snapshot, name: str) -> list[TaskScore]:
    scores = [row for ulid, result in snapshot.published for row in _score_rows(snapshot, ulid, result, name)]
    scores.sort(key=lambda row: (row.system.casefold(), row.submission))
    return sort_rows(sort_rows(sort_rows(scores, "-gain"), "method"), "protocol")


def _require_task(snapshot: Snapshot, name: str) -> Task:
    if name not in snapshot.tasks:
        raise NotFound(f"No task {name[:120]!r}. The page /tasks lists all {len(snapshot.tasks)}.")
    return snapshot.tasks[name]


def _anchor_row(snapshot: Snapshot, ulid: str, result: ResultSummary, name: str) -> AnchorRow:
    line = snapshot.task_details(ulid, result, name)
    assert line
    values: dict[str, Any] = {
        f"{of}{end}": line.of_task(f"{of}{end}") for of in ("base", "reference") for end in ("", "_low", "_high")
    }
    whys = snapshot.missing_reasons(ulid, result)
    return AnchorRow(
        **values,
        protocol=result.protocol,
        seed_sd=line.of_task("seed_sd"),
        n=int(line.of_task("base_n") or 0),
        base_why=whys.get(f"{name}/base"),
        reference_why=whys.get(f"{name}/reference"),
    )


def _score_rows(snapshot: Snapshot, ulid: str, result: ResultSummary, name: str) -> Iterator[TaskScore]:
    at, line = result.layout.task_positions.get(name), snapshot.task_details(ulid, result, name)
    if at is None or line is None:
        return
    removed = int(line.of_task("removed") or 0)
    for (method, values), gain in zip(line.by_method, result.gains[at].tolist(), strict=True):
        if gain == NOT_MEASURED:
            continue
        n = int(values.pop("n") or 0)
        yield TaskScore(
            **values,
            gain=None if gain != gain else gain,
            system=result.system,
            team=result.team,
            system_type=result.system_type,
            method=method,
            state="scored" if result.scored[at] else "missing",
            scale=result.scale,
            n=n,
            rows=int(result.rows[at]),
            removed=removed,
            why=_missing_reason(snapshot, ulid, result, f"{name}/{method}")
            if None in (values["score"], gain) or gain != gain
            else None,
            flagged=result.flagged,
            protocol=result.protocol,
            submission=ulid,
        )


def _missing_reason(snapshot: Snapshot, ulid: str, result: ResultSummary, place: str) -> str | None:
    """Reason for a missing score or gain, as `missing_reason` gives it for a full result."""
    whys = snapshot.missing_reasons(ulid, result)
    reasons = {why for part in ("score", "gain") if (why := whys.get(f"{place}/{part}"))}
    return "; ".join(sorted(reasons)) or None


ROUTES = [
    Route("/tasks/{task}/anchors", redirect_to_anchors),
    page_route("/tasks/{task}/anchors{ending:ending}", anchors_export),
    page_route("/tasks/{task:stem}{ending:ending}", task_page),
]
