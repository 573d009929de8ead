"""Who is signed in: a part of every page's head that is asked for by itself, so that pages stay the same for all."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leaderboard.web.auth.oauth import account_of, is_local_path, sign_in_at, sign_out_at
from leaderboard.web.errors import error_response
from leaderboard.web.site import View, site_of
from submissions.errors import NotFound

NO_STORE_HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


def account_page(request: Request) -> Response:
    """Who is signed in, with the ways in and out. Raises NotFound where nobody can sign in."""
    return _render_account(request, "account.html", "/account")


def account_part(request: Request) -> Response:
    """The part of a page's head; signing in leads back to that page. Raises NotFound where nobody can sign in."""
    shown = urlsplit(request.headers.get("hx-current-url", ""))
    place = (shown.path or "/") + (f"?{shown.query}" if shown.query else "")
    return _render_account(request, "who.html", place if is_local_path(place) else "/")


def not_signed_in(request: Request, error: Exception) -> Response:
    """The answer when the provider refused, or its visitor did."""
    del error
    return error_response(
        request, 400, "You are not signed in", "Hugging Face did not confirm who you are. Try it again."
    )


def _render_account(request: Request, template: str, back: str) -> Response:
    site = site_of(request)
    if not site.settings.sign_in:
        raise NotFound("Nobody signs in here: the site knows browsers by a random key alone.")
    context = {"account": account_of(request), "sign_in_at": sign_in_at(back), "sign_out_at": sign_out_at(back)}
    response = site.render(request, View(template, context))
    response.headers.update(NO_STORE_HEADERS)
    return response


ROUTES = [Route("/account", account_page), Route("/account/who", account_part)]
