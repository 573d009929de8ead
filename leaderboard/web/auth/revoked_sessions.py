"""Sessions that were signed out: a copy of their cookie opens nothing, also after a restart.

The cookie is signed and holds the session itself, so ending it in the browser ends no copy. The list has one line for
each session that was signed out, until the time at which it would have ended by itself.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from submissions.storage.atomic import atomic_write
from submissions.storage.private_files import PRIVATE_FILE, make_private_dir

FILE = "revoked-sessions"
MAX_SESSIONS = 50_000
"""Sessions in the list; beyond, all that end before the middle one count as signed out."""
ALL = "*"
log = logging.getLogger(__name__)


class RevokedSessions:
    """List of signed-out sessions, in memory and in a file."""

    def __init__(self, path: Path, most: int = MAX_SESSIONS) -> None:
        self._path = path
        self._most = most
        self._lock = threading.Lock()
        self._ends: dict[str, float] = _read_lines(path)
        """By session: the time at which it ends by itself, in seconds since 1970."""
        self._ended_before = self._ends.pop(ALL, 0.0)
        """Sessions that end before this time are all signed out."""

    def revoke(self, info: Mapping[str, Any]) -> None:
        """Sign a session out. A disk that fails is logged: then a restart forgets it."""
        with self._lock:
            self._ends[_session_id(info)] = _end_of(info)
            try:
                self._write(f"{_session_id(info)} {_end_of(info):.0f}\n")
            except OSError as error:
                log.error("A session was signed out, but only until the next restart: %s", error)

    def is_revoked(self, info: Mapping[str, Any]) -> bool:
        """Return whether a session was signed out."""
        return _end_of(info) < self._ended_before or _session_id(info) in self._ends

    def _write(self, line: str) -> None:
        """Append a line; write the list anew once it has more than its limit."""
        if len(self._ends) <= self._most and self._path.exists():
            with self._path.open("a") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            return
        now = time.time()
        self._ends = {session: end for session, end in self._ends.items() if end > now}
        if len(self._ends) > self._most:
            self._ended_before = sorted(self._ends.values())[len(self._ends) // 2]
            self._ends = {session: end for session, end in self._ends.items() if end >= self._ended_before}
        make_private_dir(self._path.parent)
        lines = [f"{ALL} {self._ended_before:.0f}", *(f"{session} {end:.0f}" for session, end in self._ends.items())]
        atomic_write(self._path, "".join(f"{one}\n" for one in lines).encode(), PRIVATE_FILE)


def _read_lines(path: Path) -> dict[str, float]:
    """Read the list; a line that a crash cut off, or that is damaged, is left out."""
    try:
        lines = path.read_bytes().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    parts = (line.split(" ") for line in lines)
    return {part[0]: float(part[1]) for part in parts if len(part) == 2 and part[1].isdecimal()}


def _session_id(info: Mapping[str, Any]) -> str:
    """Identify a session by its account and the end of its grant, which no other sign-in of the account shares."""
    account = (info.get("userinfo") or {}).get("sub")
    return hashlib.sha256(f"{account} {_end_of(info):.0f}".encode()).hexdigest()


def _end_of(info: Mapping[str, Any]) -> float:
    return float(info.get("expires_at") or 0)
