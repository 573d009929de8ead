"""Builds and launches the web app from the settings."""

from __future__ import annotations

from contextlib import suppress

import gradio
import httpx2
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from leaderboard.api import mcp, openapi
from leaderboard.api.callers import CallerContext
from leaderboard.api.gradio_api import register_endpoints
from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from leaderboard.pages import ROUTES
from leaderboard.pages.account import not_signed_in
from leaderboard.pages.home import home_page as front_page
from leaderboard.server.connection_registry import ConnectionRegistry, make_limits
from leaderboard.server.launch import serve_with
from leaderboard.server.open_files import count_connections, raise_open_files
from leaderboard.settings import FRAMED_BY_ITSELF, BadSetting, Settings, is_trusted_proxy
from leaderboard.submit.outbox import Outbox
from leaderboard.web.addresses import VisitorAddress
from leaderboard.web.auth.oauth import attach_sign_in
from leaderboard.web.auth.revoked_sessions import FILE as REVOKED
from leaderboard.web.auth.revoked_sessions import RevokedSessions
from leaderboard.web.errors import (
    client_left,
    http_error,
    hub_unreachable,
    not_found,
    our_error,
    rate_limited,
    server_error,
)
from leaderboard.web.gradio_routes import ClosedGradioRoutes, refuse_file_arguments
from leaderboard.web.middleware import BodyLimit, GzipPages, SecurityHeaders
from leaderboard.web.own_address import OwnAddress
from leaderboard.web.site import PageRequest, Site
from submissions.arena.arena import open_arena
from submissions.errors import ArenaError, NotFound, OurError, RateLimited
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.locations import is_hub_url

SITE_ROUTES = [*ROUTES, *mcp.ROUTES, *openapi.ROUTES]
"""The pages, and the end points for programs that are no Gradio functions."""
HUB_SECONDS = 20.0
"""Maximum lag of pages behind the Hub, in seconds: each check of a repository's head is a request."""


def make_app(settings: Settings, pace: CommitRateLimit | None = None) -> gradio.Server:
    """Build the web app: our pages and Gradio's end points. Raises NotFound for an invalid arena location."""
    app = gradio.Server(title="DatasetResearch Arena", openapi_url=None)
    app.state.site = _make_site(settings, pace or CommitRateLimit())
    _require_unused_root(settings.root_path)
    # First come, first served: Gradio adds its own pages for / and /static when it launches, behind these.
    app.router.routes.extend(SITE_ROUTES)
    if settings.sign_in:
        is_framed = settings.frame_ancestors != FRAMED_BY_ITSELF
        attach_sign_in(app, not_signed_in, RevokedSessions(settings.spool / REVOKED), is_framed=is_framed)
        app.add_exception_handler(httpx2.HTTPError, hub_unreachable)  # of the sign-in library
    app.router.routes.append(ClosedGradioRoutes())
    refuse_file_arguments()
    app.add_middleware(CallerContext)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders, frame_ancestors=settings.frame_ancestors)
    app.add_middleware(GzipPages)
    app.add_middleware(VisitorAddress, settings=settings)
    app.add_middleware(OwnAddress, settings=settings)
    app.add_exception_handler(ClientDisconnect, client_left)
    app.add_exception_handler(NotFound, not_found)
    app.add_exception_handler(RateLimited, rate_limited)
    app.add_exception_handler(OurError, our_error)
    app.add_exception_handler(OSError, our_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, server_error)
    register_endpoints(app)
    return app


def _require_unused_root(root: str) -> None:
    """Check that no page begins with the path of SITE: a proxy may leave or remove it. Raises BadSetting."""
    first = root.split("/")[1] if root else ""
    names = {route.path.split("/")[1].partition("{")[0].partition(".")[0] for route in SITE_ROUTES}
    if first and first in names | {"gradio_api", "config", "oauth"}:
        raise BadSetting(f"The site cannot be served below {root}: /{first} is one of its pages. Choose another path.")


def _make_site(settings: Settings, pace: CommitRateLimit) -> Site:
    if not is_hub_url(settings.arena):
        return Site(settings, SnapshotReader(open_arena(settings.arena)))
    # An unavailable Hub must not block the start: the reader checks the format later.
    reader = SnapshotReader(open_arena(settings.arena, pace), HUB_SECONDS)
    return Site(settings, reader, Outbox(reader, settings.spool, settings.limits, pace.clock))


def launch_app(app: gradio.Server, settings: Settings) -> None:
    """Serve the app on its host and port, in the background; it answers requests when this returns.

    The registry of its connections is in `app.state.connections`.
    """
    limits = make_limits(count_connections(raise_open_files()))
    app.state.connections = ConnectionRegistry(limits, lambda address: is_trusted_proxy(address, settings))
    # Gradio aborts a start whose first answer takes seconds, so slow work is done before it.
    with suppress(ArenaError):  # each page reports the error itself
        snapshot = app.state.site.reader.snapshot()
        front_page(PageRequest(app.state.site, snapshot, {"ending": ""}, {}, ""))
    with serve_with(app.state.connections):
        app.launch(
            server_name=settings.host,
            server_port=settings.port,
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            ssr_mode=False,
            pwa=False,
            run_history=False,
            enable_monitoring=False,
            mcp_server=False,
            root_path="",  # OwnAddress decides on it; GRADIO_ROOT_PATH would be a second one
            footer_links=[],
            # No endpoint of ours accepts a file through Gradio; the submit form has its own limit.
            max_file_size=1,
        )
