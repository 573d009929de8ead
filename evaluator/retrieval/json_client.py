"""JSON over HTTP with time limits, retries and a limit on the answer: calls of retrievers and embedding servers."""

from __future__ import annotations

import ipaddress
import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2

from evaluator.config.retriever_settings import RetrieverConnection
from evaluator.errors import InvalidRetrieverAnswer, RetrieverError

MAX_ANSWER_BYTES = 256 << 20
_RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_FIRST_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.5, 30.0
_MAX_QUOTED = 300
"""Characters of a server's words in a message."""


class RetriedStatus(Exception):
    """Status after which the same request may succeed; with the pause that the server asks for."""

    def __init__(self, status: int, pause_seconds: float | None) -> None:
        super().__init__(f"answered {status}")
        self.pause_seconds = pause_seconds


class RequestRefused(RetrieverError):
    """Status that the same request would get again."""

    def __init__(self, status: int, url: str, words: str) -> None:
        super().__init__(
            "A retriever's server refused a request.",
            f"{url} answered {status}: {words!r}. Check the address, the key and the limits.",
        )
        self.status = status


class JsonClient:
    """Client of one server. Safe for several threads."""

    def __init__(
        self,
        connection: RetrieverConnection,
        environ: Mapping[str, str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = connection
        self._key = _read_key(connection, environ)
        self._sleep = sleep
        self._client = httpx2.Client(
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=connection.timeout_seconds,
            follow_redirects=False,
            verify=connection.url.startswith("https:"),  # loading the certificates takes longer than a search
            trust_env=not _is_loopback(connection.url),
        )

    @property
    def url(self) -> str:
        """Address of the server."""
        return self._connection.url.rstrip("/")

    def request_json(self, method: str, path: str, body: object = None, retries: int | None = None) -> Any:
        """Send a request, and again where that may help; return the parsed answer. Raises RetrieverError."""
        tries = 1 + (self._connection.retries if retries is None else retries)
        for number in range(1, tries + 1):
            try:
                return self._parse_answer(self._send_once(method, path, body))
            except (RetriedStatus, httpx2.HTTPError, OSError) as error:
                if number == tries:
                    raise self._build_error(error, tries) from error
                asked = error.pause_seconds if isinstance(error, RetriedStatus) else None
                pause = _FIRST_PAUSE_SECONDS * 2 ** (number - 1) * random.uniform(1, 1.5)  # noqa: S311
                self._sleep(min(pause if asked is None else asked, _MAX_PAUSE_SECONDS))
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _send_once(self, method: str, path: str, body: object) -> bytes:
        deadline = time.monotonic() + self._connection.timeout_seconds
        with self._client.stream(method, self.url + path, json=body) as response:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MAX_ANSWER_BYTES:
                    raise InvalidRetrieverAnswer(
                        "A retriever's server sent too long an answer.", f"{self.url}: over {MAX_ANSWER_BYTES} bytes."
                    )
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("the answer did not end")
        if response.status_code in _RETRIED_STATUSES:
            raise RetriedStatus(response.status_code, _read_pause(response.headers.get("retry-after", "")))
        if response.status_code != 200:
            words = bytes(content[: 4 * _MAX_QUOTED]).decode("utf-8", "replace")[:_MAX_QUOTED]
            words = words.replace(self._key, "[key]") if self._key else words
            raise RequestRefused(response.status_code, f"{self.url}{path}", words)
        return bytes(content)

    def _parse_answer(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise InvalidRetrieverAnswer(
                "A retriever's server answered something else than JSON.",
                f"{self.url}: {error}; it begins with {content[:80]!r}. Check the address.",
            ) from error

    def _build_error(self, error: Exception, tries: int) -> RetrieverError:
        if isinstance(error, httpx2.TimeoutException):
            what = f"gave no whole answer within {self._connection.timeout_seconds:g} seconds"
        elif isinstance(error, RetriedStatus):
            what = str(error)
        else:
            what = f"could not be reached, or hung up: {error}"
        return RetrieverError(
            "A retriever's server gave no answer.",
            f"{self.url} {what}, in each of {tries} tries. Check that it runs, or raise timeout_seconds.",
        )


def _read_key(connection: RetrieverConnection, environ: Mapping[str, str]) -> str:
    """Read the API key; empty for a server without one."""
    key = environ.get(connection.key_variable, "").strip() if connection.key_variable else ""
    if connection.key_variable and not (key and key.isascii() and key.isprintable() and " " not in key):
        raise RetrieverError(
            "A retriever's server was not called.",
            f"The environment variable {connection.key_variable} contains no key. Set it.",
        )
    return key


def _is_loopback(url: str) -> bool:
    """Whether a server runs on this machine, so that no proxy may stand between."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_pause(value: str) -> float | None:
    """The seconds of a Retry-After header; None for a date, or anything else."""
    return float(value) if value.isascii() and value.isdigit() and len(value) < 6 else None
