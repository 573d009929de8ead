"""Sign-in state, loaded separately into every page's header so that pages are the same for all visitors."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leaderboard.web.auth.oauth import account_of, is_local_path, sign_in_at, sign_out_at
from leaderboard.web.errors import error_response
from leaderboard.web.own_address import strip_root
from leaderboard.web.site import View, root_of, site_of
from submissions.errors import NotFound

NO_STORE_HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


def account_page(request: Request) -> Response:
    """Render the account with sign-in and sign-out links. Raises NotFound if sign-in is disabled."""
    return _render_account(request, "account.html", "/account")


def account_part(request: Request) -> Response:
    """Render the account part of a page header; sign-in returns to that page. Raises NotFound if disabled."""
    shown = urlsplit(request.headers.get("hx-current-url", ""))
    place = (strip_root(shown.path, root_of(request)) or "/") + (f"?{shown.query}" if shown.query else "")
    return _render_account(request, "who.html", place if is_local_path(place) else "/")


def not_signed_in(request: Request, error: Exception) -> Response:
    """Answer a sign-in refused by the provider or the visitor."""
    del error
    return error_response(
        request, 400, "You are not signed in", "Hugging Face did not confirm your identity. Please try again."
    )


def _render_account(request: Request, template: str, back: str) -> Response:
    site = site_of(request)
    if not site.settings.sign_in:
        raise NotFound("This site has no sign-in: browsers are identified by a random key.")
    context = {"account": account_of(request), "sign_in_at": sign_in_at(back), "sign_out_at": sign_out_at(back)}
    response = site.render(request, View(template, context))
    response.headers.update(NO_STORE_HEADERS)
    return response


ROUTES = [Route("/account", account_page), Route("/account/who", account_part)]
