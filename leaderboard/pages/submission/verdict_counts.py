"""A published result with the counts of verdicts on its answers, for its owner only and never cached."""

from __future__ import annotations

from urllib.parse import urlencode

from leaderboard.data.lookup import require_submission
from leaderboard.pages.submission.page import find_result
from leaderboard.pages.submission.result_findings import verdict_table
from leaderboard.pages.submission.result_view import result_context
from leaderboard.web.auth.ownership import require_owner
from leaderboard.web.site import PageRequest, View, page_route
from submissions.errors import NotFound
from submissions.records.result import join_verdicts


def verdict_counts_page(visit: PageRequest) -> View:
    """Render the result with its counts of verdicts. Raises HTTPException 403, NotFound."""
    snapshot, ulid = visit.snapshot, visit.names["ulid"]
    require_submission(snapshot, ulid)
    require_owner(snapshot.submissions.get(ulid), visit.owner)
    result = find_result(snapshot, ulid, visit.query.get("protocol", ""))
    try:
        counts = visit.site.reader.arena.read_verdict_counts(ulid, result.protocol)
    except NotFound as error:
        raise NotFound(f"No counts of verdicts on the answers of submission {ulid} under {result.protocol}.") from error
    result = join_verdicts(result, counts)
    protocols = list(snapshot.results[ulid])
    query = f"?{urlencode({'protocol': result.protocol})}" if result.protocol != protocols[0] else ""
    ledger = snapshot.ledgers.get(ulid, {}).get(result.protocol)
    parts = result_context(snapshot, result, ledger, f"/submissions/{ulid}", query)
    return View("why.html", {"ulid": ulid, "result": result, "protocols": protocols, **parts}, verdict_table(result))


ROUTES = [page_route("/submissions/{ulid}/why{ending:ending}", verdict_counts_page, personal=True)]
