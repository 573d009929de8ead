"""One submission: who, where it stands, what it scored, and on what that rests."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.snapshot import Snapshot
from leaderboard.tables import Table, reason
from leaderboard.web import View, Visit, page, site_of
from submissions.arena import dump
from submissions.errors import Corrupt, NotFound
from submissions.models import METHODS, Result
from submissions.tables import task_table, total_table

FINAL = {"refused", "published"}
STAGES = ("check", "screen", "metadata", "few_shot", "fine_tune", "total", "publish")


def show(visit: Visit) -> View:
    """One submission; its table is the result's, task by task. Raises NotFound, or Corrupt for an unreadable record."""
    snapshot, ulid = visit.snapshot, visit.names["ulid"]
    _must_exist(snapshot, ulid)
    submission, result = snapshot.submissions.get(ulid), snapshot.results.get(ulid)
    history = snapshot.histories.get(ulid)
    if visit.names["ending"]:
        _result(snapshot, ulid)
    table = _by_task(ulid, result) if result else None
    context = {
        "ulid": ulid,
        "submission": submission,
        "result": result,
        "history": history,
        "titles": {name: task.title for name, task in snapshot.tasks.items()},
        "methods": METHODS,
        "totals": _totals(result) if result else {},
        "by_task": [(task, list(rows)) for task, rows in groupby(table.rows, itemgetter("task"))] if table else [],
        "is_final": history is None or history.now.state in FINAL,
        "stages": STAGES,
        "unreadable": [entry for entry in snapshot.unreadable if entry.record == ulid],
    }
    return View("submission.html", context, table)


def raw(request: Request) -> Response:
    """The stored result as it is. Raises NotFound."""
    ulid = request.path_params["ulid"]
    snapshot = site_of(request).reader.snapshot()
    return Response(dump(_result(snapshot, ulid)), media_type="application/json")


def show_totals(visit: Visit) -> View:
    """The twins of the table of totals, which itself stands on the submission's page. Raises NotFound."""
    return View("submission.html", table=_total(_result(visit.snapshot, visit.names["ulid"])))


def to_totals(request: Request) -> Response:
    """The totals have no page of their own: to their place on the submission's. Raises NotFound."""
    ulid = request.path_params["ulid"]
    _result(site_of(request).reader.snapshot(), ulid)
    return RedirectResponse(f"/submissions/{ulid}#totals")


def _by_task(ulid: str, result: Result) -> Table:
    """The result task by task, with the scorer's own reason where a value is missing."""
    why = [reason(method) if method else None for task in result.tasks for method in task.methods or (None,)]
    frame = task_table(result)
    return Table(f"submission-{ulid}", frame.assign(why=pd.Series(why, index=frame.index, dtype="str")))


def _total(result: Result) -> Table:
    """The means over tasks, with the reason where one is missing."""
    frame = total_table(result)
    why = pd.Series([total.gain.why for total in result.totals], index=frame.index, dtype="str")
    return Table(f"submission-{result.submission}-totals", frame.assign(why=why))


def _totals(result: Result) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """The totals by subset and group, and in each by method."""
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in _total(result).rows:
        found.setdefault((row["subset"], row["group"]), {})[row["method"]] = row
    return found


def _result(snapshot: Snapshot, ulid: str) -> Result:
    _must_exist(snapshot, ulid)
    if ulid not in snapshot.results:
        raise NotFound(f"Submission {ulid} has no result yet; /submissions/{ulid} shows where it stands.")
    return snapshot.results[ulid]


def _must_exist(snapshot: Snapshot, ulid: str) -> None:
    if ulid in snapshot.submissions or ulid in snapshot.results:
        return
    for entry in snapshot.unreadable:
        if entry.record == ulid:
            raise Corrupt(entry.why)
    raise NotFound(f"No submission {ulid[:40]!r}. The page /submissions lists all {len(snapshot.submissions)}.")


ROUTES = [
    Route("/submissions/{ulid}/result.json", raw),
    Route("/submissions/{ulid}/totals", to_totals),
    page("/submissions/{ulid}/totals{ending:ending}", show_totals),
    page("/submissions/{ulid:stem}{ending:ending}", show),
]
