"""Page of a running or finished check, and its corrected copies."""

from __future__ import annotations

import zipfile
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from leaderboard.pages.submit.page import form_view
from leaderboard.submit.check_sessions import CheckSession
from leaderboard.web.auth.visitor import visitor_owner
from leaderboard.web.site import site_of, threaded_route
from submissions.errors import NotFound

NO_STORE_HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}
ZIP = "corrected.zip"


def check_page(request: Request) -> Response:
    """Render the report so far; redirect to the submission once stored. Raises NotFound."""
    site, check = site_of(request), _find_check(request)
    # Asked first: a check that ends while its page is made must not look as if it had ended without a submission.
    is_over = check.is_over
    if check.submission:
        address = f"/submissions/{check.submission}"
        if request.headers.get("hx-request"):
            return Response(status_code=200, headers={"HX-Redirect": address, **NO_STORE_HEADERS})
        return RedirectResponse(address, 303, NO_STORE_HEADERS)
    owner = visitor_owner(request) or check.owner
    view = form_view(site, site.reader.snapshot(), owner, check, request.query_params, is_over=is_over)
    response = site.render(request, view)
    response.headers.update(NO_STORE_HEADERS)
    return response


def corrected_file(request: Request) -> Response:
    """Send one corrected file, or the whole corrected delivery as a zip. Raises NotFound."""
    check, name = _find_check(request), request.path_params["name"]
    names = [one.name for one in check.fixed.corrections] if check.is_over and check.fixed else []
    if not names or name not in (*names, ZIP):
        raise NotFound(f"No corrected file {name[:120]!r}; there are: {', '.join(names) or 'none'}.")
    path = _zip_corrected(check) if name == ZIP else check.corrected / name
    kind = "application/zip" if name == ZIP else "application/octet-stream"
    return FileResponse(path, media_type=kind, filename=name, headers=NO_STORE_HEADERS)


def _find_check(request: Request) -> CheckSession:
    return site_of(request).checks.get(request.path_params["key"], visitor_owner(request))


def _zip_corrected(check: CheckSession) -> Path:
    """Zip the corrected delivery on first access."""
    with check.packing:
        path = check.folder / ZIP
        if not path.exists():
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in sorted(check.corrected.iterdir()):
                    archive.write(file, file.name)
        return path


ROUTES = [threaded_route("/checks/{key}", check_page), threaded_route("/checks/{key}/{name}", corrected_file)]
