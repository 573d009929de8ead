"""Live status of a submission, a part of its page that the browser polls.

Its ETag covers only the part's own content, so a poll needs no rendering while other submissions change.
"""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from leaderboard.data.lookup import require_submission
from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.pages.submission.result_view import totals_by_group
from leaderboard.pages.submission.timeline import FINAL, build_timeline, status_advice
from leaderboard.web.site import View, site_of, threaded_route
from submissions.records.result import Result
from submissions.records.status import Stage
from submissions.tracks import FIRST_TRACK, get_track


def live_part(request: Request) -> Response:
    """Render the live part, or 304 if unchanged. `?results=` and `?state=` describe the rest of the open page.

    If they are outdated, HX-Trigger makes the page reload its result or its owner's actions. Raises NotFound.
    """
    site, ulid = site_of(request), request.path_params["ulid"]
    snapshot = site.reader.snapshot()
    require_submission(snapshot, ulid)
    headers = {"ETag": _live_etag(snapshot, ulid, site.build), "Cache-Control": "no-cache"}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    context = live_context(snapshot, ulid, site.build)
    shown = {"result": str(context["results"]), "standing": context["state"]}
    asked = {"result": request.query_params.get("results"), "standing": request.query_params.get("state")}
    if moved := [name for name in shown if asked[name] != shown[name]]:
        headers["HX-Trigger"] = ",".join(moved)
    response = site.render(request, View("live.html", context))
    response.headers.update(headers)
    return response


def live_context(snapshot: Snapshot, ulid: str, build: str) -> dict[str, Any]:
    """Template values of the live part."""
    history, submission = snapshot.histories.get(ulid), snapshot.submissions.get(ulid)
    track = find_track_of(snapshot, ulid)
    return {
        "track": track,
        "ulid": ulid,
        "history": history,
        "private": submission is not None and submission.private,
        "steps": build_timeline(history, _list_stages(snapshot, track)) if history else [],
        "advice": status_advice(history.now, is_served=_is_served(snapshot, track)) if history else "",
        "state": history.now.state if history else "unknown",
        "is_final": history is None or history.now.state in FINAL,
        "results": len(snapshot.results.get(ulid, ())),
        "previews": [preview_context(snapshot, preview) for preview in open_previews(snapshot, ulid)],
        "seen": {"If-None-Match": _live_etag(snapshot, ulid, build)},
    }


def open_previews(snapshot: Snapshot, ulid: str) -> list[Result]:
    """Previews under protocols without a result."""
    done = snapshot.results.get(ulid, {})
    return [found for protocol, found in snapshot.previews.get(ulid, {}).items() if protocol not in done]


def preview_context(snapshot: Snapshot, preview: Result) -> dict[str, Any]:
    """Template values of a preview."""
    return {
        "protocol": preview.protocol,
        "track": preview.track,
        "methods": get_track(preview.track).preview_keys,
        "headline": get_track(preview.track).headline_method.words,
        "scale": scale_of(snapshot, preview.protocol),
        "totals": totals_by_group(preview),
    }


def find_track_of(snapshot: Snapshot, ulid: str) -> str:
    """Return the name of a stored submission's track."""
    brief = snapshot.briefs.get(ulid)
    results = snapshot.results.get(ulid, {}).values()
    return brief.track if brief else next((result.track for result in results), FIRST_TRACK)


def _is_served(snapshot: Snapshot, track: str) -> bool:
    """Return whether the evaluator serves a protocol of a track; true where it has published none."""
    return not snapshot.protocols or any(known.track == track for known in snapshot.protocols.values())


def _list_stages(snapshot: Snapshot, track: str) -> tuple[Stage, ...]:
    """Stages of a track's evaluations, as the evaluator published them, else as the track lists them."""
    published = [known.stages for known in snapshot.protocols.values() if known.track == track]
    return published[0] if published else get_track(track).stages


def _live_etag(snapshot: Snapshot, ulid: str, build: str) -> str:
    history = snapshot.histories.get(ulid)
    digest = hashlib.sha256(f"{build} {len(snapshot.results.get(ulid, ()))}".encode())
    digest.update(history.model_dump_json().encode() if history else b"")
    for preview in open_previews(snapshot, ulid):
        digest.update("".join([preview.protocol, *(total.model_dump_json() for total in preview.totals)]).encode())
    return f'W/"{digest.hexdigest()[:24]}"'


ROUTES = [threaded_route("/submissions/{ulid}/live", live_part)]
