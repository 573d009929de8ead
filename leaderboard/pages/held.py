"""The result of a private submission, for its owner alone: read for each request, kept by no cache."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leaderboard.existing import must_exist
from leaderboard.identity import owner_of
from leaderboard.pages.submission_parts import PARTS, by_task, result_context
from leaderboard.snapshot import Snapshot
from leaderboard.tables import Table
from leaderboard.web import Site, View, Visit, page, site_of
from leaderboard.wishes import must_own
from submissions.arena import dump
from submissions.errors import NotFound
from submissions.models import Result


def show(visit: Visit) -> View:
    """The held result; its table is that task by task. Raises HTTPException 403, NotFound."""
    ulid = visit.names["ulid"]
    result, protocols = _held(visit.site, visit.snapshot, ulid, visit.owner, visit.query.get("protocol", ""))
    query = f"?{urlencode({'protocol': result.protocol})}" if result.protocol != protocols[0] else ""
    context = {
        "ulid": ulid,
        "result": result,
        "protocols": protocols,
        **result_context(visit.snapshot, result, f"/submissions/{ulid}/held", query),
    }
    return View("held.html", context, by_task(result))


def raw(request: Request) -> Response:
    """The held result as it is. Raises HTTPException 403, NotFound."""
    site, ulid = site_of(request), request.path_params["ulid"]
    protocol = request.query_params.get("protocol", "")
    result, _ = _held(site, site.reader.snapshot(), ulid, owner_of(request), protocol)
    return Response(dump(result), media_type="application/json", headers={"Cache-Control": "private, no-store"})


def _held(site: Site, snapshot: Snapshot, ulid: str, visitor: str, protocol: str) -> tuple[Result, list[str]]:
    """The held result under a protocol, or the first, and the protocols that there are."""
    must_exist(snapshot, ulid)
    must_own(snapshot.submissions.get(ulid), visitor)
    protocols = site.reader.arena.drafted().get(ulid, [])
    if not protocols:
        raise NotFound(f"No result of submission {ulid} waits to be published; /submissions/{ulid} shows all there is.")
    if protocol and protocol not in protocols:
        raise NotFound(f"No held result under {protocol[:80]!r}; there are: {', '.join(protocols)}.")
    return site.reader.arena.draft(ulid, protocol or protocols[0]), protocols


def _part(name: str, table: Callable[[Result], Table]) -> Route:
    def show_part(visit: Visit) -> View:
        protocol = visit.query.get("protocol", "")
        return View(
            "held.html", table=table(_held(visit.site, visit.snapshot, visit.names["ulid"], visit.owner, protocol)[0])
        )

    return page(f"/submissions/{{ulid}}/held/{name}{{ending:ending}}", show_part, personal=True)


ROUTES = [
    Route("/submissions/{ulid}/held/result.json", raw),
    *(_part(name, table) for name, table in PARTS.items()),
    page("/submissions/{ulid}/held{ending:ending}", show, personal=True),
]
