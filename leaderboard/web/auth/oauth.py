"""Sign-in with a Hugging Face account: `huggingface_hub`'s end points, with added restrictions."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import gradio
from huggingface_hub import attach_huggingface_oauth, parse_huggingface_oauth
from huggingface_hub.utils import HfHubHTTPError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leaderboard.web.auth.revoked_sessions import RevokedSessions
from leaderboard.web.middleware import is_cross_site

WAYS = "/oauth/huggingface/"
SESSION = "oauth_info"
COOKIE_SECONDS = 12 * 3600
"""Life of the session cookie: a little more than that of the provider's grant, which ends the session."""
_PLACE = re.compile(r"/(?![/\\])[^\\\x00-\x20]*")
"""An address of this site; browsers read `//host` and `/\\host` as other hosts."""
_STORED_CLAIMS = ("sub", "preferred_username", "name")


class UnknownToken(Exception):
    """A token that is unknown to the Hub, or not a user's."""


@dataclass(frozen=True)
class Account:
    """The signed-in account."""

    sub: str
    """Stable id that survives renaming the account."""
    name: str

    @property
    def owner(self) -> str:
        """Owner id for submissions (submissions/records/owner_requests.py)."""
        return f"hf:{self.sub}"


def attach_sign_in(
    app: gradio.Server,
    refused: Callable[[Request, Exception], Response],
    revoked: RevokedSessions,
    *,
    is_framed: bool,
) -> None:
    """Add the sign-in end points and the session; `refused` answers a failed sign-in.

    Where other sites may show pages in a frame (`is_framed`), their browsers must send the cookie there, too. Only for
    a Space: elsewhere the library treats every visitor as the owner of this machine's token.
    """
    from authlib.integrations.base_client.errors import OAuthError  # only where it is used

    app.add_exception_handler(OAuthError, refused)
    app.add_middleware(SignInRoutes)  # inside the session, which the next call adds
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it says that it may change
        attach_huggingface_oauth(app)
    app.state.revoked_sessions = revoked
    for middleware in app.user_middleware:
        if middleware.cls is SessionMiddleware:
            middleware.kwargs |= {"max_age": COOKIE_SECONDS, "same_site": "none" if is_framed else "lax"}


def account_of(request: Request) -> Account | None:
    """Return the signed-in account, or None; the provider's access expires after some hours."""
    if "session" not in request.scope or SESSION not in request.session:
        return None
    if _revoked_sessions(request.scope).is_revoked(request.session[SESSION]):
        return None
    found = parse_huggingface_oauth(request)
    if found is None or not found.user_info.sub or found.access_token_expires_at.timestamp() <= time.time():
        return None
    return Account(found.user_info.sub, found.user_info.preferred_username or found.user_info.sub)


def account_of_token(token: str) -> Account:
    """Look up a token's account on the Hub; never stores or logs it. Raises UnknownToken, HfHubHTTPError."""
    from submissions.storage.hub.anonymous_api import hub_api

    if not re.fullmatch(r"[!-~]{1,1000}", token):
        raise UnknownToken(
            "A token is required: create one at https://huggingface.co/settings/tokens; `read` access is enough."
        )
    try:
        found = hub_api(token).whoami()
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            raise UnknownToken("The Hub rejects this token: it is mistyped, expired or revoked.") from None
        raise
    if found.get("type") != "user" or not found.get("id"):
        raise UnknownToken("This is not the token of a user account.")
    return Account(str(found["id"]), str(found["name"]))


def is_local_path(place: str) -> bool:
    """Return whether an address leads to a page of this site in every browser."""
    return _PLACE.fullmatch(place) is not None


def sign_in_at(target: str) -> str:
    """URL that signs in and returns to a page of this site."""
    return f"{WAYS}login?_target_url={quote(target, safe='')}"


def sign_out_at(target: str) -> str:
    """URL that signs out and returns to a page of this site."""
    return f"{WAYS}logout?_target_url={quote(target, safe='')}"


class SignInRoutes:
    """Middleware around the library's end points.

    The library redirects to any `_target_url`, and stores all provider data, the access token too, in a cookie that is
    signed, not encrypted. Here redirects stay on the site, and the cookie has only the account and the expiry. Signing
    out revokes the session on the server, so that a copy of the cookie opens nothing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(WAYS):
            await self.app(scope, receive, send)
            return

        async def send_without(message: Message) -> None:
            session = scope["session"]
            if message["type"] == "http.response.start" and scope["path"].endswith("/callback") and SESSION in session:
                found = _trim_session(session[SESSION])
                session.clear()
                session[SESSION] = found
            await send(message)

        if why := _refusal_reason(scope):
            await PlainTextResponse(f"{why}\n", 400)(scope, receive, send)
        else:
            if scope["path"].endswith("/logout") and SESSION in scope["session"]:
                await run_in_threadpool(_revoked_sessions(scope).revoke, scope["session"][SESSION])
            await self.app(scope, receive, send_without)


def _revoked_sessions(scope: Scope) -> RevokedSessions:
    found = scope["app"].state.revoked_sessions
    assert isinstance(found, RevokedSessions)
    return found


def _refusal_reason(scope: Scope) -> str | None:
    query = QueryParams(scope["query_string"])
    if not all(is_local_path(place) for place in query.getlist("_target_url")):
        return "Sign-in can only redirect to a page of this site."
    if not all(re.fullmatch(r"\d{1,3}", number, re.ASCII) for number in query.getlist("_nb_redirects")):
        return "_nb_redirects must be a number."
    if scope["path"].endswith("/logout") and is_cross_site(Headers(scope=scope)):
        return "Another site must not sign you out."
    return None


def _trim_session(info: dict[str, Any]) -> dict[str, Any]:
    who = info.get("userinfo") or {}
    return {"expires_at": info.get("expires_at") or 0, "userinfo": {name: who.get(name) for name in _STORED_CLAIMS}}
