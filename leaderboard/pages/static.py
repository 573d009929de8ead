"""Style sheet, scripts and icon. Their URLs contain the build, so browsers may cache them indefinitely."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from leaderboard.web.site import HERE, site_of
from submissions.errors import NotFound

FILES = {
    file.relative_to(HERE / "static").as_posix(): file for file in (HERE / "static").rglob("*") if file.suffix != ".md"
}


def static_file(request: Request) -> Response:
    """Serve one of the site's static files; no other path is ever opened. Raises NotFound."""
    name = request.path_params["file"]
    if name not in FILES or not FILES[name].is_file():
        raise NotFound(f"No file {name[:120]!r} on this site.")
    forever = "public, max-age=31536000, immutable"
    return FileResponse(FILES[name], headers={"Cache-Control": forever if request.url.query else "no-cache"})


def redirect_to_icon(request: Request) -> Response:
    """Redirect the browser's default icon request."""
    return RedirectResponse(f"/static/icon.svg?v={site_of(request).build}")


ROUTES = [Route("/static/{file:path}", static_file), Route("/favicon.ico", redirect_to_icon)]
