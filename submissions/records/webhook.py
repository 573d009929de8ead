"""Webhook of a submitter: an address for notifications, and a secret that authenticates their sender.

Stored beside the submission, in a separate file: no view of a submission can show it by mistake.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from submissions.records.base import Record

FILE = "webhook.json"
_AT_HOME = ("localhost", "local", "internal", "home.arpa")
"""Suffixes of names that no public network resolves."""


def require_public_https(url: str) -> str:
    """Return the address, or nothing; accept only what a stranger may name. Raises ValueError.

    A name that leads into a private network is detected at use, for that may change.
    """
    if not url:
        return url
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https" or not host or not url.isprintable() or " " in url:
        raise ValueError("it must be an address that begins with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it must not contain a name or password: put them into the path, or use the secret")
    _ = parts.port  # raises ValueError for what is none
    if _is_private(host):
        raise ValueError("it must be reachable from everywhere, not only from within a network")
    return url


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(tuple(f".{end}" for end in _AT_HOME))


PublicUrl = Annotated[str, Field(max_length=500), AfterValidator(require_public_https)]
Secret = Annotated[str, Field(max_length=200)]


class Webhook(Record):
    """webhook.json. The evaluator checks the address again before use."""

    url: Annotated[str, Field(min_length=1, max_length=500)]
    secret: Secret = ""
    """Key that signs notifications; without it they are unsigned."""
