"""The site's own address: scheme, host and path below which a proxy serves it, decided once for each request."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leaderboard.settings import Settings, is_trusted_proxy
from leaderboard.web.middleware import security_headers

PROBES = frozenset({"/healthz", "/readyz"})
"""Pages for the machines that watch this one; they know it by an address, not by its name."""
_LINKS = re.compile(
    r'(\s(?:href|src|action|formaction|data-plotly|hx-get|hx-post|hx-push-url|hx-replace-url)=")/(?![/\\])'
)
"""Attributes that hold a path of this site. Texts cannot imitate one: every quotation mark in them is escaped."""
_SITE_PATH = re.compile(r"/(?![/\\])")


class OwnAddress:
    """Outermost middleware: all others find the site's own address in the request, and paths without `root_path`.

    SITE decides, else the Host header, and from a trusted proxy X-Forwarded-Host. Without SITE a page of another site
    whose name is made to resolve to this machine (DNS rebinding) must not be answered: requests that reach a loopback
    address are, only if they name a loopback address or a name without a dot.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._settings = settings
        self._site = urlsplit(settings.site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        root = self._settings.root_path or scope.get("root_path", "").rstrip("/")
        path = strip_root(scope["path"], root)
        headers = MutableHeaders(raw=list(scope["headers"]))
        scheme, host = self._find_address(scope, headers)
        is_known = path in PROBES or self._is_own_host(scope, headers.get("host", ""))
        headers["host"] = host
        for name in ("x-forwarded-host", "x-forwarded-proto"):
            del headers[name]
        scope = {**scope, "scheme": scheme, "path": path, "root_path": root, "headers": headers.raw}
        scope["raw_path"] = strip_root(scope.get("raw_path", b"").decode("latin-1"), root).encode("latin-1")

        async def send_rooted(message: Message) -> None:
            if message["type"] == "http.response.start":
                _adapt_headers(MutableHeaders(scope=message), root, is_fixed=bool(self._site.netloc))
            await send(message)

        if is_known or scope["type"] == "websocket":
            await self.app(scope, receive, send_rooted)
        else:
            await self._refusal()(scope, receive, send_rooted)

    def _find_address(self, scope: Scope, headers: MutableHeaders) -> tuple[str, str]:
        """Return scheme and host of the site as the visitor reaches it."""
        if self._site.netloc:
            return self._site.scheme, self._site.netloc
        is_https = headers.get("x-forwarded-proto", scope.get("scheme", "http")).startswith(("https", "wss"))
        forwarded = headers.get("x-forwarded-host", "").partition(",")[0].strip()
        host = forwarded if forwarded and self._is_trusted_proxy(scope) else headers.get("host", "")
        return "https" if is_https else "http", host

    def _is_trusted_proxy(self, scope: Scope) -> bool:
        return is_trusted_proxy((scope.get("client") or ("", 0))[0], self._settings)

    def _is_own_host(self, scope: Scope, host: str) -> bool:
        """Return whether a request may be for this site, by its Host header."""
        name = _host_name(host)
        if not _is_public_name(name):
            return True
        if self._settings.is_host_checked:
            return name == _host_name(self._site.netloc)
        reached = (scope.get("server") or ("", 0))[0]
        return bool(self._site.netloc) or self._is_trusted_proxy(scope) or not _is_loopback(reached)

    def _refusal(self) -> PlainTextResponse:
        remedy = (
            f"This site's address is {self._settings.site}: use that."
            if self._settings.is_host_checked
            else "If this is its name, the organiser sets SITE to its address, for example SITE=https://arena.example.org."
        )
        text = f"This server is not the site that the request names. {remedy}\n"
        return PlainTextResponse(text, 421, security_headers(self._settings.frame_ancestors))


def add_root(page: str, root: str) -> str:
    """Prefix the paths of this site in a rendered page's links with `root`, such as /arena."""
    return _LINKS.sub(rf"\g<1>{root}/", page) if root else page


def strip_root(path: str, root: str) -> str:
    """Remove `root` from a path where the proxy left it; never returns an empty path for a root."""
    if root and (path == root or path.startswith(f"{root}/")):
        return path[len(root) :] or "/"
    return path


def _adapt_headers(headers: MutableHeaders, root: str, *, is_fixed: bool) -> None:
    """Put `root` before the paths in headers; without SITE, name the headers that a page depends on."""
    if not is_fixed:
        headers.add_vary_header("Host, X-Forwarded-Proto")
    if not root:
        return
    for name in ("location", "hx-redirect"):
        if _SITE_PATH.match(headers.get(name, "")):
            headers[name] = root + headers[name]
    if cookies := headers.getlist("set-cookie"):
        del headers["set-cookie"]
        for cookie in cookies:
            headers.append("set-cookie", re.sub(r"(?i)(;\s*path=)/(?=;|$)", rf"\g<1>{root}", cookie))


def _host_name(host: str) -> str:
    """Return the name in a Host header, without its port."""
    return re.sub(r":\d*$", "", host.strip().lower()).strip("[]").rstrip(".")


def _is_public_name(name: str) -> bool:
    """Return whether a host is a name that strangers may have resolved; addresses and short names are none."""
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return "." in name and not name.endswith(".localhost")
    return False


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
