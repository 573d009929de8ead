"""Visitor identity: a signed-in account, else a random key in a cookie; only its hash is stored."""

from __future__ import annotations

import hashlib
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

from leaderboard.web.addresses import group_address
from leaderboard.web.auth.oauth import account_of

COOKIE = "arena_key"
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")
YEAR = 365 * 24 * 3600


def visitor_owner(request: Request) -> str:
    """Return the visitor's owner id (submissions/records/owner_requests.py); empty without a key."""
    if account := account_of(request):
        return account.owner
    key = request.cookies.get(COOKIE, "")
    return _key_owner(key) if _KEY.fullmatch(key) else ""


def address_of(request: Request) -> str:
    """Network address of a visitor without an account, /64 for IPv6; many may share it. Empty for an account.

    Suitable for sharing scarce resources, not for identifying visitors. leaderboard/web/addresses.py decides which
    proxies are believed.
    """
    if account_of(request):
        return ""
    return group_address(request.client.host) if request.client else ""


def new_visitor_key() -> tuple[str, str]:
    """Create a key for a browser without one, and its owner id."""
    key = secrets.token_urlsafe(32)
    return key, _key_owner(key)


def set_visitor_cookie(response: Response, key: str, *, secure: bool) -> None:
    """Set a browser's key cookie for a year; `secure` if the site is reached over https."""
    # Lax: a link from elsewhere may open the owner's page, no form from elsewhere may act.
    response.set_cookie(COOKIE, key, max_age=YEAR, httponly=True, secure=secure, samesite="lax", path="/")


def _key_owner(key: str) -> str:
    return f"key:{hashlib.sha256(key.encode()).hexdigest()}"
