"""Client of the Hub, one request per method, and the translation of its errors.

Commits go through `HfApi.create_commit`. Reads are single requests by huggingface_hub's own session: its higher calls
sleep for minutes on errors, inside whatever web request waits for them, or make two requests where one will do.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import quote

import httpx2  # huggingface_hub is built on it, and does not wrap its errors
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, RemoteEntryNotFoundError, RevisionNotFoundError
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status, parse_ratelimit_headers

from submissions.errors import AccessDenied, NotFound, RateLimited, Unreachable

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each retry."""
READ_SECONDS = 20
"""Timeout for an answer without new data."""
_MARK = re.compile(r" \[([0-9a-f]{16})\]$")
_UNCLEAR = {408, 500, 502, 503, 504}


class HeadMoved(Exception):
    """412: the head is not the parent."""


class CommitInProgress(Exception):
    """409: the Hub is making another commit to this repository."""


class RevisionGone(Exception):
    """A revision that no longer exists: the history was rewritten."""


@dataclass(frozen=True)
class CommitInfo:
    """A commit as the Hub lists it."""

    oid: str
    time: datetime
    nonce: str | None
    """Nonce set by a HubRepo; None for a commit by anybody else."""


class HubClient:
    """One data set repository on the Hub."""

    def __init__(
        self,
        repo_id: str,
        endpoint: str | None,
        token: str | None,
        timeout: float,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self.repo_id = repo_id
        self.api = HfApi(endpoint or os.environ.get("HF_ENDPOINT"), token)
        self._token = token
        self._timeout = timeout
        self._clock = clock
        self._sleep = sleep
        self._base = f"{self.api.endpoint}/api/datasets/{repo_id}"

    def list_commits(self) -> list[CommitInfo]:
        """Return the newest 50 commits, newest first; unlike `repo_info` it was not seen to lag behind."""
        answer = self._get(f"{self._base}/commits/main")
        with self._translate_errors():
            return [
                CommitInfo(one["id"], datetime.fromisoformat(one["date"]), _parse_nonce(one["title"]))
                for one in answer.json()
            ]

    def list_tree(self, revision: str, folder: str = "") -> dict[str, str]:
        """Return every file below a folder with its id; empty for no such folder. Raises RevisionGone."""
        return {
            one["path"]: _entry_id(one) for one in self._list_entries(revision, folder, "true") if one["type"] == "file"
        }

    def list_dir(self, revision: str, folder: str = "") -> set[str]:
        """Return the names of a folder's direct entries; empty for no such folder. Raises RevisionGone."""
        return {one["path"].rpartition("/")[2] for one in self._list_entries(revision, folder, "false")}

    def _list_entries(self, revision: str, folder: str, recursive: str) -> Iterator[dict[str, Any]]:
        below = folder and "/" + quote(folder, safe="")
        url: str | None = f"{self._base}/tree/{revision}{below}?recursive={recursive}"
        while url:
            try:
                answer = self._get(url)
            except NotFound:
                return
            with self._translate_errors():
                entries: list[dict[str, Any]] = answer.json()
            yield from entries
            url = answer.links.get("next", {}).get("url")

    def path_kinds(self, revision: str, paths: Sequence[str]) -> dict[str, str]:
        """Return `file` or `directory` for existing paths. Raises RevisionGone."""
        found: dict[str, str] = {}
        for start in range(0, len(paths), 200):
            form = {"paths": list(paths[start : start + 200]), "expand": False}
            answer = self._request_with_retry("POST", f"{self._base}/paths-info/{revision}", data=form)
            with self._translate_errors():
                found |= {one["path"]: one["type"] for one in answer.json()}
        return found

    def read_file(self, revision: str, path: str) -> bytes:
        """Read a file's content at a revision. Raises NotFound, RevisionGone."""
        return self._get(
            hf_hub_url(self.repo_id, path, repo_type="dataset", revision=revision, endpoint=self.api.endpoint)
        ).content

    def commit(
        self, operations: Sequence[CommitOperationAdd | CommitOperationDelete], parent: str, title: str, nonce: str
    ) -> str:
        """Try a commit once; return its id.

        Raises HeadMoved, CommitInProgress, RateLimited, AccessDenied, or Unreachable for one that may have landed.
        """
        with self._translate_errors():
            # Its client has no time limit, and is replaced after errors.
            get_session().timeout = httpx2.Timeout(self._timeout)
            done = self.api.create_commit(
                self.repo_id,
                operations,
                commit_message=f"{title} [{nonce}]",
                repo_type="dataset",
                parent_commit=parent,
            )
        return done.oid

    def _get(self, url: str) -> httpx2.Response:
        return self._request_with_retry("GET", url)

    def _request_with_retry(self, method: str, url: str, **rest: Any) -> httpx2.Response:
        """Send a request, with retries while no answer comes.

        Raises NotFound, RevisionGone, RateLimited, AccessDenied, Unreachable.
        """
        for pause in PAUSES[:2]:
            try:
                return self._request(method, url, **rest)
            except Unreachable:
                self._sleep(pause)
        return self._request(method, url, **rest)

    def _request(self, method: str, url: str, **rest: Any) -> httpx2.Response:
        with self._translate_errors():
            headers = build_hf_headers(token=self._token, library_name="datasetresearch-arena")
            answer = get_session().request(method, url, headers=headers, timeout=READ_SECONDS, **rest)
            hf_raise_for_status(answer)
            return answer

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except HfHubHTTPError as error:
            self._raise_for(error)
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise Unreachable(
                f"The Hub at {self.api.endpoint} answered for {self.repo_id}, but not as the Hub does: a proxy or a "
                "sign-in page of the network may stand between. Try again."
            ) from error
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise Unreachable(
                f"The Hub at {self.api.endpoint} did not answer for {self.repo_id} ({type(error).__name__}). "
                "Try again; if it lasts, see https://status.huggingface.co."
            ) from error

    def _raise_for(self, error: HfHubHTTPError) -> NoReturn:
        """Raise our error for the Hub's error answer."""
        status = error.response.status_code
        if isinstance(error, RemoteEntryNotFoundError):
            raise NotFound(f"No such file in the repository {self.repo_id}.") from error
        if isinstance(error, RevisionNotFoundError):
            raise RevisionGone from error
        if status in (401, 403, 404):
            raise AccessDenied(
                f"The Hub answers {status} for {self.repo_id}: it does not exist, or the token has no permission. "
                "Set HF_TOKEN to a token with the right to read and write that repository, or fix the name in ARENA."
            ) from error
        if status == 412:
            raise HeadMoved from error
        if status == 409:
            raise CommitInProgress from error
        if status == 429:
            until = self._clock() + self._retry_delay(error)
            raise RateLimited(f"The Hub's rate limit for {self.repo_id} is reached.", until) from error
        what = "does not answer" if status in _UNCLEAR else "refuses the request"
        said = error.server_message or ""
        raise Unreachable(f"The Hub {what} for {self.repo_id} ({status}). {said[:300]}".rstrip()) from error

    def _retry_delay(self, error: HfHubHTTPError) -> timedelta:
        """Return the delay that the Hub asks for; by default the length of its windows."""
        headers = error.response.headers
        limit = parse_ratelimit_headers(headers)
        if limit is not None and limit.remaining == 0:
            return timedelta(seconds=limit.reset_in_seconds + 1)
        if (after := headers.get("Retry-After", "")).isdigit():
            return timedelta(seconds=int(after) + 1)
        return timedelta(hours=1) if "per hour" in str(error) else timedelta(minutes=5)


def _parse_nonce(title: str) -> str | None:
    match = _MARK.search(title)
    return match[1] if match else None


def _entry_id(entry: dict[str, Any]) -> str:
    """Return the id of a file in a tree: Git's blob id, or the SHA-256 of an LFS content."""
    return str(entry["lfs"]["oid"] if entry.get("lfs") else entry["oid"])
