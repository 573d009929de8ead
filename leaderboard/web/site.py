"""Turns a view into an HTTP response: page or table download, ETag, error pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leaderboard.api.callers import CallCounts
from leaderboard.data.snapshot.memory_release import release_memory
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from leaderboard.data.tables.table_frames import Table
from leaderboard.ranking.board_ranks import count_computed_ranks
from leaderboard.settings import Settings
from leaderboard.submit.check_sessions import CheckSessions
from leaderboard.submit.start_check import CheckStarter
from leaderboard.submit.submission_store import DirectStore, SubmissionStore
from leaderboard.submit.upload_slots import UploadSlots
from leaderboard.templates import make_environment
from leaderboard.templates.markdown_docs import FOLDER as DOCS
from leaderboard.web.auth.visitor import visitor_owner
from leaderboard.web.own_address import add_root
from leaderboard.web.response_cache import LARGE_BYTES, CachedResponse, ResponseCache
from leaderboard.web.single_flight import SingleFlight
from submissions.index.result_tables import ENDINGS, Ending, encode_table

HERE = Path(__file__).parents[1]
MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json", "parquet": "application/vnd.apache.parquet"}


@dataclass(frozen=True)
class View:
    """Content of one URL."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    table: Table | None = None
    """Rows of the page and its downloads."""
    media: str = "text/html"
    is_final: bool = True
    """True if the response may be cached; False while part of it is still being computed."""


class Site:
    """Shared state of all pages: settings, the arena's newest snapshot, templates."""

    def __init__(self, settings: Settings, reader: SnapshotReader, storing: SubmissionStore | None = None) -> None:
        self.settings = settings
        self.reader = reader
        self.storing = storing or DirectStore(reader.arena, settings.limits, reader.last_briefs)
        self.build = _build_hash(settings)
        self.response_cache = ResponseCache()
        self.renderings: SingleFlight[CachedResponse] = SingleFlight()
        """Pages that are the same for all visitors."""
        self.visits: SingleFlight[Response] = SingleFlight()
        """Pages of single visitors."""
        self.checks = CheckSessions()
        uploads = UploadSlots(settings.max_upload_bytes)
        self.check_starter = CheckStarter(settings, reader, self.storing, self.checks, uploads)
        self.calls = CallCounts()
        """Checks of the API and MCP."""
        self.templates: Environment = make_environment(self.build)

    def render(self, request: Request, view: View, status: int = 200) -> Response:
        """Render a page."""
        always = {"path": request.url.path, "origin": origin_of(request), "sign_in": self.settings.sign_in}
        context = {**always, "table": view.table, **view.context}
        page = self.templates.get_template(view.template).render(context)
        return Response(add_root(page, root_of(request)), status, media_type=view.media)


def site_of(request: Request) -> Site:
    """Return the site of a request."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


@dataclass(frozen=True)
class PageRequest:
    """Input of a page."""

    site: Site
    snapshot: Snapshot
    names: Mapping[str, str]
    """Named parts of the route's path."""
    query: Mapping[str, str]
    query_text: str
    """Raw query string, without the question mark."""
    origin: str = ""
    """Scheme and host of the site as the visitor reaches it, for addresses that are copied elsewhere."""
    owner: str = ""
    """Owner id of the visitor (leaderboard/web/auth/visitor.py); set only for personal pages."""


Show = Callable[[PageRequest], View]


def page_route(path: str, show: Show, *, personal: bool = False) -> Route:
    """Create a GET route. With `{ending:ending}` in the path, its table is also served as .csv, .json and .parquet.

    A personal page may differ by visitor and is never cached.
    """

    def make(request: Request, visit: PageRequest) -> Response:
        view, ending = show(visit), request.path_params.get("ending")
        response = _export_table(view, ending) if ending else visit.site.render(request, view)
        if not view.is_final:
            response.headers["Cache-Control"] = "no-store"
        return response

    return cached_route(path, make, personal=personal)


def cached_route(path: str, make: Callable[[Request, PageRequest], Response], *, personal: bool = False) -> Route:
    """Create a route whose response, of any kind, is cached until the arena changes, unless personal."""

    def make_response(request: Request, snapshot: Snapshot, owner: str = "") -> Response:
        names, query = request.path_params, request.query_params
        site, origin = site_of(request), origin_of(request)
        return make(request, PageRequest(site, snapshot, names, query, request.url.query, origin, owner))

    def make_personal(request: Request) -> Response:
        response = make_response(request, site_of(request).reader.snapshot(), visitor_owner(request))
        response.headers["Cache-Control"] = "private, no-store"
        return response

    async def endpoint(request: Request) -> Response:
        site = site_of(request)
        ready, snapshot = await run_in_threadpool(_find_cached, request)
        if ready:
            return ready
        final_key, passing_key = _cache_keys(request, snapshot)

        def make_cached() -> CachedResponse:
            # The last visitor's flight may have ended between this one's look into the cache and its start.
            if cached := site.response_cache.get(final_key) or site.response_cache.get(passing_key):
                return cached
            response, key = make_response(request, snapshot), passing_key
            if response.headers.get("Cache-Control") != "no-store":
                response.headers.update({"ETag": _etag(request, snapshot), "Cache-Control": "no-cache"})
                key = final_key
            site.response_cache.put(key, cached := CachedResponse(response))
            if cached.plain_bytes > LARGE_BYTES:
                release_memory()
            return cached

        cached = await site.renderings.run(request, passing_key, make_cached)
        return await run_in_threadpool(site.response_cache.make_response, cached, request)

    return threaded_route(path, make_personal) if personal else Route(path, endpoint)


def threaded_route(path: str, make: Callable[[Request], Response]) -> Route:
    """Create a GET route whose response is made in a thread, unless the visitor has left before it begins."""

    async def endpoint(request: Request) -> Response:
        return await site_of(request).visits.run(request, object(), lambda: make(request))

    return Route(path, endpoint)


def _etag(request: Request, snapshot: Snapshot) -> str:
    # A page may name the address it was asked at, which is whatever a visitor says: no other address gets it.
    origin = hashlib.sha256(origin_of(request).encode()).hexdigest()[:12]
    return f'W/"{snapshot.key}-{site_of(request).build}-{origin}"'


_CacheKey = tuple[str, str, int]


def _cache_keys(request: Request, snapshot: Snapshot) -> tuple[_CacheKey, _CacheKey]:
    """Return the keys of a final response, and of one without all ranks, which is valid until more are computed."""
    etag, url = _etag(request, snapshot), str(request.url.replace(scheme="", netloc=""))
    return (etag, url, -1), (etag, url, count_computed_ranks())


def _find_cached(request: Request) -> tuple[Response | None, Snapshot]:
    """Return the response, if the visitor or the cache has it, and the snapshot."""
    site = site_of(request)
    snapshot = site.reader.snapshot()
    etag = _etag(request, snapshot)
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": etag, "Cache-Control": "no-cache"}), snapshot
    for key in _cache_keys(request, snapshot):
        if cached := site.response_cache.get(key):
            return site.response_cache.make_response(cached, request), snapshot
    return None, snapshot


def origin_of(request: Request) -> str:
    """Return the site's own URL, without a trailing slash (leaderboard/web/own_address.py decides on it)."""
    host = request.headers.get("host") or request.url.netloc
    return f"{'https' if is_secure(request) else 'http'}://{host}{root_of(request)}"


def root_of(request: Request) -> str:
    """Return the path below which a proxy serves the site, such as /arena; empty at the root of a host."""
    return str(request.scope.get("root_path", ""))


def is_secure(request: Request) -> bool:
    """Return whether the visitor came over https."""
    return request.url.scheme == "https"


def _export_table(view: View, ending: Ending) -> Response:
    assert view.table is not None
    name = f"{view.table.name}.{ending}".replace("@", "-")
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'} if ending != "json" else {}
    return Response(encode_table(view.table.frame, ending), media_type=MEDIA[ending], headers=disposition)


class _Stem(Convertor[str]):
    """Path part for a name; a table extension is left for the next part."""

    regex = "[^/]+?"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Plain(_Stem):
    """Path part for a name without a table extension."""

    regex = "[^/.]+"


class _Ending(Convertor[str]):
    """Path part for `.csv`, `.json`, `.parquet` or nothing."""

    regex = rf"(?:\.(?:{'|'.join(ENDINGS)}))?"

    def convert(self, value: str) -> str:
        return value.removeprefix(".")

    def to_string(self, value: str) -> str:
        return f".{value}" if value else ""


register_url_convertor("stem", _Stem())
register_url_convertor("plain", _Plain())
register_url_convertor("ending", _Ending())


def _build_hash(settings: Settings) -> str:
    """Hash everything that shapes a page besides the arena's content, so that a release invalidates caches."""
    digest = hashlib.sha256(repr(settings).encode())
    for file in sorted([*HERE.rglob("*"), *DOCS.glob("*.md")]):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
