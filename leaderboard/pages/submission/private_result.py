"""Result of a private submission, for its owner only: read on each request, never cached."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.data.lookup import require_submission
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.table_frames import Table
from leaderboard.pages.submission.result_findings import verdict_table
from leaderboard.pages.submission.result_view import COSTS, PARTS, result_context, result_task_table
from leaderboard.web.auth.ownership import require_owner
from leaderboard.web.auth.visitor import visitor_owner
from leaderboard.web.site import PageRequest, Site, View, page_route, site_of
from submissions.errors import NotFound
from submissions.records.ledger import Ledger
from submissions.records.result import Result
from submissions.storage.codec import to_json

Found = TypeVar("Found", Result, Ledger)


def private_result_page(visit: PageRequest) -> View:
    """Render the private result, with its table by task. Raises HTTPException 403, NotFound."""
    ulid, result = visit.names["ulid"], _requested_result(visit)
    protocols = visit.site.reader.arena.draft_protocols()[ulid]
    query = f"?{urlencode({'protocol': result.protocol})}" if result.protocol != protocols[0] else ""
    ledger = None
    with suppress(NotFound):
        ledger = _requested_ledger(visit)
    parts = result_context(visit.snapshot, result, ledger, f"/submissions/{ulid}/held", query)
    return View(
        "held.html", {"ulid": ulid, "result": result, "protocols": protocols, **parts}, result_task_table(result)
    )


def private_result_json(request: Request) -> Response:
    """Return the private result unchanged. Raises HTTPException 403, NotFound."""
    site, ulid = site_of(request), request.path_params["ulid"]
    protocol = request.query_params.get("protocol", "")
    result = _read_private_result(site, site.reader.snapshot(), ulid, visitor_owner(request), protocol)
    return Response(to_json(result), media_type="application/json", headers={"Cache-Control": "private, no-store"})


def _requested_result(visit: PageRequest) -> Result:
    return _read_private_result(
        visit.site, visit.snapshot, visit.names["ulid"], visit.owner, visit.query.get("protocol", "")
    )


def _requested_ledger(visit: PageRequest) -> Ledger:
    result = _requested_result(visit)
    return visit.site.reader.arena.read_draft_ledger(result.submission, result.protocol)


def _read_private_result(site: Site, snapshot: Snapshot, ulid: str, visitor: str, protocol: str) -> Result:
    """Read the private result under a protocol, or the default one. Raises HTTPException 403, NotFound."""
    require_submission(snapshot, ulid)
    require_owner(snapshot.submissions.get(ulid), visitor)
    protocols = site.reader.arena.draft_protocols().get(ulid, [])
    if not protocols:
        raise NotFound(f"No unpublished result of submission {ulid}; /submissions/{ulid} shows its status.")
    if protocol and protocol not in protocols:
        raise NotFound(f"No unpublished result under {protocol[:80]!r}; there are: {', '.join(protocols)}.")
    return site.reader.arena.read_draft(ulid, protocol or protocols[0])


def _table_routes(name: str, find: Callable[[PageRequest], Found], table: Callable[[Found], Table]) -> list[Route]:
    def show_part(visit: PageRequest) -> View:
        return View("held.html", table=table(find(visit)))

    def redirect_to_part(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/submissions/{request.path_params['ulid']}/held{query}#{name.partition('-')[0]}")

    address = f"/submissions/{{ulid}}/held/{name}"
    return [Route(address, redirect_to_part), page_route(f"{address}{{ending:ending}}", show_part, personal=True)]


ROUTES = [
    Route("/submissions/{ulid}/held/result.json", private_result_json),
    *(
        route
        for name, table in {**PARTS, "why": verdict_table}.items()
        for route in _table_routes(name, _requested_result, table)
    ),
    *(route for name, table in COSTS.items() for route in _table_routes(name, _requested_ledger, table)),
    page_route("/submissions/{ulid}/held{ending:ending}", private_result_page, personal=True),
]
