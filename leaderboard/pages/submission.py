"""One submission: who, where it stands, what it scored, and on what that rests."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.findings import judge_table, metric_table, screen_table
from leaderboard.protocols import scale_of
from leaderboard.snapshot import Snapshot
from leaderboard.tables import Table, reason
from leaderboard.tracks import board_named
from leaderboard.web import View, Visit, page, site_of
from submissions.arena import dump
from submissions.errors import Corrupt, NotFound
from submissions.models import METHODS, Result
from submissions.tables import task_table, total_table

FINAL = {"refused", "published"}
LINES = 12
"""Removed lines that the page names for a task; its twins name all."""
STAGES = ("check", "screen", "metadata", "few_shot", "fine_tune", "total", "publish")


def show(visit: Visit) -> View:
    """One submission; its table is the result's, task by task. Raises NotFound, or Corrupt for an unreadable record."""
    snapshot, ulid = visit.snapshot, visit.names["ulid"]
    _must_exist(snapshot, ulid)
    submission, protocols = snapshot.submissions.get(ulid), list(snapshot.results.get(ulid, ()))
    history, protocol = snapshot.histories.get(ulid), visit.query.get("protocol", "")
    result = _result(snapshot, ulid, protocol) if protocols or protocol or visit.names["ending"] else None
    table = _by_task(ulid, result) if result else None
    context = {
        "ulid": ulid,
        "submission": submission,
        "result": result,
        "protocols": protocols,
        "query": f"?{urlencode({'protocol': result.protocol})}" if result and result.protocol != protocols[0] else "",
        "history": history,
        "titles": {name: task.title for name, task in snapshot.tasks.items()},
        "methods": METHODS,
        "by_task": [(task, list(rows)) for task, rows in groupby(table.rows, itemgetter("task"))] if table else [],
        **(_findings(result) if result else {}),
        "is_final": history is None or history.now.state in FINAL,
        "stages": STAGES,
        "unreadable": [entry for entry in snapshot.unreadable if entry.record == ulid],
    }
    return View("submission.html", context, table)


def raw(request: Request) -> Response:
    """The stored result as it is. Raises NotFound."""
    ulid = request.path_params["ulid"]
    snapshot = site_of(request).reader.snapshot()
    result = _result(snapshot, ulid, request.query_params.get("protocol", ""))
    return Response(dump(result), media_type="application/json")


def _findings(result: Result) -> dict[str, Any]:
    """What the page shows of a result besides its table by task."""
    screened = screen_table(result).rows
    for row in screened:
        lines = row["removed_lines"].split()
        row |= {"lines": lines[:LINES], "more_lines": len(lines[LINES:])}
    return {
        "scale": scale_of(result.protocol),
        "totals": totals_by_group(result),
        "metrics": (metrics := metric_table(result).rows),
        # Without the settings' signature, which a name may carry.
        "metric_names": sorted({row["metric"].split()[0] for row in metrics}),
        "screened": screened,
        "dimensions": _judged(result).rows,
    }


def _judged(result: Result) -> Table:
    return judge_table(result, board_named(result.track).dimensions)


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


def totals_by_group(result: Result) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """The totals by subset and group, and in each by method."""
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in _total(result).rows:
        found.setdefault((row["subset"], row["group"]), {})[row["method"]] = row
    return found


def _result(snapshot: Snapshot, ulid: str, protocol: str) -> Result:
    """The result under a protocol; if none is named, the one that is shown first."""
    _must_exist(snapshot, ulid)
    found = snapshot.results.get(ulid, {})
    if not found:
        raise NotFound(f"Submission {ulid} has no result yet; /submissions/{ulid} shows where it stands.")
    name = protocol or next(iter(found))
    if name not in found:
        raise NotFound(f"Submission {ulid} has no result under {name[:80]!r}; there are: {', '.join(found)}.")
    return snapshot.whole(ulid, name)


def _must_exist(snapshot: Snapshot, ulid: str) -> None:
    if ulid in snapshot.entered or ulid in snapshot.results:
        return
    for entry in snapshot.unreadable:
        if entry.record == ulid:
            raise Corrupt(entry.why)
    raise NotFound(f"No submission {ulid[:40]!r}. The page /submissions lists all {len(snapshot.submissions)}.")


def _part(name: str, table: Callable[[Result], Table]) -> list[Route]:
    """The twins of a table that stands on the submission's page, and the way from their name to its place there."""

    def show_part(visit: Visit) -> View:
        result = _result(visit.snapshot, visit.names["ulid"], visit.query.get("protocol", ""))
        return View("submission.html", table=table(result))

    def to_part(request: Request) -> Response:
        ulid = request.path_params["ulid"]
        protocol = request.query_params.get("protocol", "")
        _result(site_of(request).reader.snapshot(), ulid, protocol)
        query = f"?{urlencode({'protocol': protocol})}" if protocol else ""
        return RedirectResponse(f"/submissions/{ulid}{query}#{name}")

    address = f"/submissions/{{ulid}}/{name}"
    return [Route(address, to_part), page(f"{address}{{ending:ending}}", show_part)]


ROUTES = [
    Route("/submissions/{ulid}/result.json", raw),
    *_part("totals", _total),
    *_part("metrics", metric_table),
    *_part("screen", screen_table),
    *_part("metadata", _judged),
    page("/submissions/{ulid:stem}{ending:ending}", show),
]
