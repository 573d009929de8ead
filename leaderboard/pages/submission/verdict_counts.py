"""A published result with the counts of verdicts on its answers, for its owner only and never cached."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlencode

from leaderboard.data.lookup import require_submission
from leaderboard.pages.submission.page import find_result
from leaderboard.pages.submission.result_findings import verdict_table
from leaderboard.pages.submission.result_view import result_context
from leaderboard.web.auth.ownership import require_owner
from leaderboard.web.site import PageRequest, View, page_route
from submissions.arena.arena import Arena
from submissions.errors import NotFound
from submissions.records.result import VerdictCounts, join_verdicts


def verdict_counts_page(visit: PageRequest) -> View:
    """Render the result with its counts of verdicts. Raises HTTPException 403, NotFound."""
    snapshot, ulid = visit.snapshot, visit.names["ulid"]
    require_submission(snapshot, ulid)
    require_owner(snapshot.submissions.get(ulid), visit.owner)
    counts = _read_counts(visit.site.reader.arena, ulid, snapshot.results.get(ulid, {}))
    result = find_result(snapshot, ulid, visit.query.get("protocol", "") or next(iter(counts), ""))
    if result.protocol not in counts:
        raise NotFound(f"No counts of verdicts on the answers of submission {ulid} under {result.protocol}.")
    result = join_verdicts(result, counts[result.protocol])
    shown_first = next(iter(snapshot.results[ulid]))
    query = f"?{urlencode({'protocol': result.protocol})}" if result.protocol != shown_first else ""
    ledger = snapshot.ledgers.get(ulid, {}).get(result.protocol)
    parts = result_context(snapshot, result, ledger, f"/submissions/{ulid}", query)
    switch = {"protocols": list(counts), "switch_address": f"/submissions/{ulid}/why"}
    return View("why.html", {"ulid": ulid, "result": result, **parts, **switch}, verdict_table(result))


def _read_counts(arena: Arena, ulid: str, protocols: Iterable[str]) -> dict[str, VerdictCounts]:
    """Read the counts under each protocol that has some, in the order of the protocols."""
    counts = {}
    for protocol in protocols:
        with suppress(NotFound):
            counts[protocol] = arena.read_verdict_counts(ulid, protocol)
    return counts


ROUTES = [page_route("/submissions/{ulid}/why{ending:ending}", verdict_counts_page, personal=True)]
