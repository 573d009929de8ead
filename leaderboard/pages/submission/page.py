"""Page of one submission: its system, status, scores and their evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.data.lookup import require_submission
from leaderboard.data.repeated_files import find_repeated_files
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.attempts import attempt_number
from leaderboard.data.tables.table_frames import Table
from leaderboard.pages.submission.live_status import live_context
from leaderboard.pages.submission.result_view import COSTS, PARTS, result_context, result_task_table
from leaderboard.web.site import PageRequest, View, page_route, site_of
from submissions.errors import NotFound
from submissions.records.ledger import Ledger
from submissions.records.result import Result, split_verdicts
from submissions.storage.codec import to_json

Found = TypeVar("Found", Result, Ledger)


def submission_page(visit: PageRequest) -> View:
    """Render a submission with its result by task. Raises NotFound, or CorruptRecord for an unreadable record."""
    snapshot, ulid = visit.snapshot, visit.names["ulid"]
    if ulid not in snapshot.briefs and visit.site.storing.find_pending(ulid):
        raise HTTPException(303, "It is not stored yet.", {"Location": f"/received/{ulid}"})
    require_submission(snapshot, ulid)
    submission, protocols = snapshot.submissions.get(ulid), list(snapshot.results.get(ulid, ()))
    protocol = visit.query.get("protocol", "")
    result = find_result(snapshot, ulid, protocol) if protocols or protocol or visit.names["ending"] else None
    query = f"?{urlencode({'protocol': result.protocol})}" if result and result.protocol != protocols[0] else ""
    context = {
        "submission": submission,
        "attempt": attempt_number(snapshot, ulid, visit.site.settings.limits),
        "repeats": find_repeated_files(snapshot, submission) if submission else "",
        "result": result,
        "protocols": protocols,
        "query": query,
        "unreadable": [entry for entry in snapshot.unreadable if entry.record == ulid],
        **live_context(snapshot, ulid, visit.site.build),
    }
    if result:
        ledger = snapshot.ledgers.get(ulid, {}).get(result.protocol)
        context |= result_context(snapshot, result, ledger, f"/submissions/{ulid}", query)
    return View("submission.html", context, result_task_table(result) if result else None)


def result_json(request: Request) -> Response:
    """Return the stored result. Raises NotFound."""
    ulid = request.path_params["ulid"]
    snapshot = site_of(request).reader.snapshot()
    result = find_result(snapshot, ulid, request.query_params.get("protocol", ""))
    return Response(to_json(result), media_type="application/json")


def find_result(snapshot: Snapshot, ulid: str, protocol: str) -> Result:
    """Find the result under a protocol, or the default one, without counts of verdicts. Raises NotFound."""
    require_submission(snapshot, ulid)
    found = snapshot.results.get(ulid, {})
    if not found:
        raise NotFound(f"Submission {ulid} has no result yet; /submissions/{ulid} shows its status.")
    name = protocol or next(iter(found))
    if name not in found:
        raise NotFound(f"Submission {ulid} has no result under {name[:80]!r}; there are: {', '.join(found)}.")
    # One stored before the counts were for its owner only may have them.
    return split_verdicts(snapshot.full_result(ulid, name))[0]


def _find_ledger(snapshot: Snapshot, ulid: str, protocol: str) -> Ledger:
    """Find the costs of a result. Raises NotFound if none are recorded."""
    result = find_result(snapshot, ulid, protocol)
    found = snapshot.ledgers.get(ulid, {})
    if result.protocol not in found:
        raise NotFound(f"No cost record for submission {ulid} under {result.protocol}.")
    return found[result.protocol]


def _table_routes(
    name: str, find: Callable[[Snapshot, str, str], Found], table: Callable[[Found], Table]
) -> list[Route]:
    """Routes of a table on the submission's page: its downloads, and a redirect to its section."""

    def show_part(visit: PageRequest) -> View:
        found = find(visit.snapshot, visit.names["ulid"], visit.query.get("protocol", ""))
        return View("submission.html", table=table(found))

    def redirect_to_part(request: Request) -> Response:
        ulid = request.path_params["ulid"]
        protocol = request.query_params.get("protocol", "")
        find(site_of(request).reader.snapshot(), ulid, protocol)
        query = f"?{urlencode({'protocol': protocol})}" if protocol else ""
        return RedirectResponse(f"/submissions/{ulid}{query}#{name.partition('-')[0]}")

    address = f"/submissions/{{ulid}}/{name}"
    return [Route(address, redirect_to_part), page_route(f"{address}{{ending:ending}}", show_part)]


ROUTES = [
    Route("/submissions/{ulid}/result.json", result_json),
    *(route for name, table in PARTS.items() for route in _table_routes(name, find_result, table)),
    *(route for name, table in COSTS.items() for route in _table_routes(name, _find_ledger, table)),
    page_route("/submissions/{ulid:stem}{ending:ending}", submission_page),
]
