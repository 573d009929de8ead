"""Waiting for other processes and files, without naps of our own and not for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import psutil

PATIENCE = 120.0
"""Seconds after which a wait gives up; no test passes or fails by how long it took."""


def until(is_so: Callable[[], object], what: str) -> None:
    """Look again and again until something is so. Raises TimeoutError."""
    clock = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        if is_so():
            return
        clock.wait(0.02)
    raise TimeoutError(f"waited {PATIENCE:.0f} s in vain: {what}")


def is_alive(pid: int) -> bool:
    """Whether a process still does anything; one that waits to be reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def all_end(pids: Iterable[int]) -> None:
    """Wait until none of these processes is alive."""
    every = list(pids)  # a generator would be used up by the first look
    until(lambda: not any(map(is_alive, every)), f"{every} should have ended")
