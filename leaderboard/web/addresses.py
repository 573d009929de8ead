"""Network addresses of visitors: behind trusted proxies, and as they are counted (IPv6 by /64)."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from leaderboard.settings import Settings, is_trusted_proxy

VISITOR_PREFIX = 64
"""Bits of an IPv6 address that name a visitor; a provider gives each at least the other 64."""


def group_address(address: str) -> str:
    """Return what an address is counted as: itself for IPv4, its /64 for IPv6; unchanged if it is no address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, VISITOR_PREFIX), strict=False))
    return str(parsed)


def parse_hop(text: str) -> str:
    """Return the address of one entry of X-Forwarded-For, which may have a port; empty if it is no address."""
    host = text.strip().strip('"')
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ip_address(host))
    except ValueError:
        return ""


class VisitorAddress:
    """Middleware that sets a request's client to the visitor's address, which trusted proxies report.

    From any other peer X-Forwarded-For is whatever it writes, and the peer's own address counts.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._settings = settings
        self._trusts_all = any(not network.prefixlen for network in settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._settings.trusted_proxies:
            host, port = scope.get("client") or ("", 0)
            address = self._find_visitor(host, ",".join(Headers(scope=scope).getlist("x-forwarded-for")))
            scope = {**scope, "client": (address, port if address == host else 0)}
        await self.app(scope, receive, send)

    def _find_visitor(self, peer: str, forwarded: str) -> str:
        """Return the right-most address that is no trusted proxy: each proxy appends the one that it was asked by."""
        address = peer
        for entry in reversed(forwarded.split(",")):
            hop = parse_hop(entry)
            if not hop or not is_trusted_proxy(address, self._settings):
                break
            address = hop
            if self._trusts_all:  # whoever is the peer is the proxy; entries further left may be anybody's
                break
        return address
