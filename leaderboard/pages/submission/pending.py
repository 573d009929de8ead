"""Page of an accepted submission that is not yet in the arena: the reason and the expected time."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from leaderboard.data.repeated_files import find_repeated_files
from leaderboard.web.site import View, site_of, threaded_route
from submissions.errors import NotFound

NO_STORE_HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


def pending_page(request: Request) -> Response:
    """Render the pending submission; redirect to its page once it is stored. Raises NotFound."""
    site, ulid = site_of(request), request.path_params["ulid"]
    held = site.storing.find_pending(ulid)
    if held is not None:
        repeats = find_repeated_files(site.reader.snapshot(), held.submission)
        response = site.render(request, View("received.html", {"held": held, "repeats": repeats}))
    elif ulid in site.reader.snapshot().briefs:
        address = f"/submissions/{ulid}"
        is_poll = bool(request.headers.get("hx-request"))
        response = Response(headers={"HX-Redirect": address}) if is_poll else RedirectResponse(address, 303)
    else:
        raise NotFound(f"No submission {ulid[:40]!r} is pending. The page /submissions lists the stored ones.")
    response.headers.update(NO_STORE_HEADERS)
    return response


ROUTES = [threaded_route("/received/{ulid}", pending_page)]
