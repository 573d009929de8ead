"""Information for search engines: robots.txt and the sitemap."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from leaderboard.data.systems import index_systems
from leaderboard.pages.cases.library import load_cases
from leaderboard.templates import quote_segment
from leaderboard.templates.markdown_docs import NAMES
from leaderboard.tracks import BOARDS
from leaderboard.web.site import PageRequest, cached_route, root_of

MAX_URLS = 50_000
"""Maximum number of URLs in a sitemap (sitemaps.org)."""
PAGES = ("/", "/tasks", "/insights", "/cases", "/compare", "/submissions", "/submit", "/about", "/docs")


def robots_txt(request: Request, visit: PageRequest) -> Response:
    """Render robots.txt; it excludes query views, which are unlimited, in favour of the pages themselves."""
    root = root_of(request)
    closed = [f"Disallow: {root}/{path}" for path in ("*?", "gradio_api/", "mcp")]
    lines = ("User-agent: *", f"Allow: {root}/static/", *closed, "")
    return PlainTextResponse("\n".join([*lines, f"Sitemap: {visit.origin}/sitemap.xml", ""]))


def sitemap_xml(_: Request, visit: PageRequest) -> Response:
    """Render the sitemap of all pages, the most permanent first."""
    found = (f"<url><loc>{escape(visit.origin + path)}</loc></url>\n" for path in islice(page_paths(visit), MAX_URLS))
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return Response(f"{head}{''.join(found)}</urlset>\n", media_type="application/xml")


def page_paths(visit: PageRequest) -> Iterator[str]:
    """Yield the paths of all pages; only submissions with a result, and only written cases.

    The others appear and disappear with the results.
    """
    snapshot = visit.snapshot
    yield from PAGES
    yield from (f"/docs/{name}" for name in NAMES)
    yield from (f"/board/{track}" for track in BOARDS)
    yield from (f"/tasks/{quote_segment(name)}" for name in snapshot.tasks)
    yield from (f"/cases/{slug}" for slug in load_cases(snapshot, visit.site.reader.arena).cases)
    yield from (f"/systems/{slug}" for slug in index_systems(snapshot))
    yield from (f"/submissions/{ulid}" for ulid in reversed(list(snapshot.results)) if ulid in snapshot.submissions)


ROUTES = [cached_route("/robots.txt", robots_txt), cached_route("/sitemap.xml", sitemap_xml)]
