"""Which addresses a submitter's webhook may have: https, public hosts, ports of an allow-list.

The form refuses what the URL alone shows; the notifier checks the addresses that a name resolves to, at use.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Collection
from urllib.parse import urlsplit

from submissions.errors import OurError

WEBHOOK_PORTS = frozenset({443, 8443})
"""Ports that webhooks may use, unless the organiser allows others: no database or mail server listens there."""
_LOCAL_SUFFIXES = (
    "localhost",
    "local",
    "localdomain",
    "internal",
    "home.arpa",
    "lan",
    "svc",
    "test",
    "invalid",
    "onion",
)
"""Suffixes of names that no public network resolves."""
_SPECIAL_IPV4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "168.63.129.16/32",  # answers a cloud's own machines alone
)  # fmt: skip
"""IANA's special-purpose IPv4 addresses, and what clouds use for their machines' metadata outside of these."""
_GLOBAL_IPV6 = "2000::/3"
_SPECIAL_IPV6 = ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
"""IANA's special-purpose addresses within the global unicast range: Teredo, 6to4, benchmarks, documentation."""
_IPV4_NETWORKS = tuple(map(ipaddress.IPv4Network, _SPECIAL_IPV4))
_IPV6_NETWORKS = tuple(map(ipaddress.IPv6Network, _SPECIAL_IPV6))
_GLOBAL_NETWORK = ipaddress.IPv6Network(_GLOBAL_IPV6)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""First half of an interface identifier that embeds an IPv4 address (RFC 5214)."""
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")


def is_global_address(address: str) -> bool:
    """Return whether an IP address is global unicast, and no other notation of one that is not.

    IPv4-mapped addresses and those of NAT64's well-known prefix count as the IPv4 address in them. Deprecated and
    local ways to embed one (IPv4-compatible, 6to4, Teredo, ISATAP, 64:ff9b:1::/48) are refused, as are zones.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in _IPV4_NETWORKS)
    if found.scope_id is not None:
        return False
    if found.ipv4_mapped or found in _NAT64:
        return is_global_address(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    if (int(found) >> 32) & 0xFFFFFFFF in _ISATAP:
        return False
    return found in _GLOBAL_NETWORK and not any(found in network for network in _IPV6_NETWORKS)


def require_public_https(url: str, ports: Collection[int] = WEBHOOK_PORTS) -> str:
    """Return the address, or nothing; accept only what a stranger may name. Raises ValueError.

    A name that leads into a private network is detected at use, for that may change.
    """
    if not url:
        return url
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("it must be an address that begins with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it must not contain a name or password: put them into the path, or use the secret")
    require_allowed_port(parts.port or 443, ports)  # .port raises ValueError for what is none
    if not _may_be_public(parts.hostname):
        raise ValueError("it must be reachable from everywhere, not only from within a network")
    return url


def require_allowed_port(port: int, ports: Collection[int] = WEBHOOK_PORTS) -> None:
    """Check a port against the allow-list. Raises ValueError."""
    if port not in ports:
        raise ValueError(f"port {port} is not allowed; use {' or '.join(map(str, sorted(ports)))}")


def parse_webhook_ports(text: str) -> frozenset[int]:
    """Parse ports that the organiser allows besides the usual ones, such as `8080, 9443`. Raises OurError."""
    extra = [part for part in re.split(r"[,\s]+", text) if part]
    if not all(re.fullmatch(r"[0-9]{1,5}", part) and 0 < int(part) < 65536 for part in extra):
        raise OurError(f"ARENA_WEBHOOK_PORTS={text[:80]!r} is not a list of ports: write for example 8080, 9443.")
    return WEBHOOK_PORTS.union(map(int, extra))


def _may_be_public(hostname: str) -> bool:
    """Return whether a host may be public, as far as its name shows. Resolvers read it as NFKC, like IDNA."""
    host = re.sub("[\u3002\uff0e\uff61]", ".", unicodedata.normalize("NFKC", hostname)).casefold().rstrip(".")
    if ":" in host:
        return is_global_address(host)
    labels = host.split(".")
    if re.fullmatch(r"0x[0-9a-f]*|[0-9]+", labels[-1]):
        return is_global_address(host)  # a number in any notation but the common one is refused
    try:
        encoded = [label.encode("idna").decode() for label in labels]
    except UnicodeError:
        return False
    named = all(_LABEL.fullmatch(label) and len(label) < 64 for label in encoded)
    return named and len(labels) > 1 and not host.endswith(tuple(f".{suffix}" for suffix in _LOCAL_SUFFIXES))
