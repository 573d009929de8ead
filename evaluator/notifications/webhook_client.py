"""Sends webhook messages in the background: in order per address, in parallel across addresses.

A submitter's address must not reach into the organiser's network: its name is resolved here, only public addresses
and the ports of an allow-list are accepted, and the connection goes to exactly the address that was checked. No
redirects are followed, no answer is read.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import random
import secrets
import socket
import ssl
import threading
from collections import defaultdict
from collections.abc import Collection, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Self

import httpx2

from submissions.records.webhook_address import WEBHOOK_PORTS, is_global_address, require_allowed_port

log = logging.getLogger(__name__)

RETRY_DELAYS = (1.0, 5.0, 25.0)
"""Delays before each retry, in seconds."""
TIMEOUT_SECONDS = 15.0
"""Time limit of one try, whatever the receiver does."""
MAX_PENDING = 1000
"""Maximum number of queued messages; more are dropped, so that dead receivers cost no memory."""
_RETRIED_STATUSES = {408, 425, 429, 500, 502, 503, 504}


class ForbiddenAddress(Exception):
    """Webhook address that submitters may not use."""


@dataclass(frozen=True)
class WebhookTarget:
    """Recipient of webhook messages."""

    url: str
    secret: str = ""
    trusted: bool = False
    """True if the organiser configured it: then a private network is allowed, and no TLS required."""


class WebhookClient:
    """Background sender thread. Leaving the context waits briefly for messages in flight."""

    def __init__(
        self,
        *,
        pauses: Sequence[float] = RETRY_DELAYS,
        seconds: float = TIMEOUT_SECONDS,
        patience: float = 10,
        tls: ssl.SSLContext | None = None,
        ports: Collection[int] = WEBHOOK_PORTS,
    ) -> None:
        self._pauses = pauses
        self._seconds = seconds
        self._patience = patience
        self._ports = ports
        self._tls = tls or ssl.create_default_context()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="courier", daemon=True)
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._open: set[Future[None]] = set()

    def send(self, target: WebhookTarget, event: str, body: bytes) -> None:
        """Queue a message and return at once; raises nothing if delivery fails."""
        if len(self._open) >= MAX_PENDING:
            log.warning("%d webhook messages are pending; dropped the one for %s", MAX_PENDING, event)
            return
        future = asyncio.run_coroutine_threadsafe(self._deliver(target, event, body), self._loop)
        self._open.add(future)
        future.add_done_callback(self._open.discard)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if left := wait(list(self._open), self._patience).not_done:
            log.warning("%d webhook message(s) were not delivered before shutdown", len(left))
        asyncio.run_coroutine_threadsafe(_cancel_pending(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _deliver(self, target: WebhookTarget, event: str, body: bytes) -> None:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "datasetresearch-arena",
            "X-Arena-Event": event,
            # The same for every try, so that receivers can deduplicate.
            "X-Arena-Delivery": secrets.token_hex(16),
        }
        if target.secret:
            headers["X-Arena-Signature"] = sign_body(target.secret, body)
        async with self._turns[target.url]:
            if why := await self._send_with_retry(target, headers, body):
                # Not the whole address: it may contain a key.
                log.warning("The webhook at %s did not accept %s: %s", _display_host(target.url), event, why)

    async def _send_with_retry(self, target: WebhookTarget, headers: dict[str, str], body: bytes) -> str | None:
        """Send until accepted or given up; return the reason if given up."""
        why = ""
        for number, pause in enumerate((0.0, *self._pauses)):
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
            try:
                async with asyncio.timeout(self._seconds):
                    status = await self._send_once(target, headers, body, number)
            except (ForbiddenAddress, httpx2.InvalidURL, ValueError) as error:
                return str(error)
            except (httpx2.HTTPError, OSError) as error:  # a TimeoutError is an OSError
                why = type(error).__name__
                continue
            if 200 <= status < 300:
                return None
            why = f"it answered {status}"
            if status not in _RETRIED_STATUSES:
                return why
        return why

    async def _send_once(self, target: WebhookTarget, headers: dict[str, str], body: bytes, number: int) -> int:
        url, extensions = httpx2.URL(target.url), {}
        if not target.trusted:
            if url.scheme != "https":
                raise ForbiddenAddress("it is not https")
            found = await self._resolve_addresses(url)
            require_allowed_port(url.port or 443, self._ports)
            headers = {**headers, "Host": url.netloc.decode()}
            extensions["sni_hostname"] = url.host  # the certificate must match the host name
            url = url.copy_with(host=found[number % len(found)])
        # A new client each time: receivers must not share cookies.
        async with (
            httpx2.AsyncClient(verify=self._tls, trust_env=False, timeout=self._seconds) as client,
            client.stream("POST", url, content=body, headers=headers, extensions=extensions) as answer,
        ):
            return answer.status_code

    async def _resolve_addresses(self, url: httpx2.URL) -> list[str]:
        """Resolve a host name, IPv4 first. Raises ForbiddenAddress if any of its addresses is not public."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
        addresses = sorted({str(address[0]) for *_, address in found}, key=lambda one: ":" in one)
        if private := [one for one in addresses if not self.is_allowed(one)]:
            raise ForbiddenAddress(f"it resolves to {private[0]}, which is not a public address")
        return addresses

    def is_allowed(self, address: str) -> bool:
        """Return whether submitters may use an IP address."""
        return is_global_address(address)


async def _cancel_pending() -> None:
    """Cancel the messages in flight."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def sign_body(secret: str, body: bytes) -> str:
    """Sign a message with the shared secret: HMAC-SHA256 of its bytes."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def _display_host(url: str) -> str:
    try:
        return httpx2.URL(url).host
    except (httpx2.InvalidURL, ValueError):
        return "an invalid address"
