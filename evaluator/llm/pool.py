"""Concurrent requests with answers in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


def map_concurrently(
    work: Callable[[In], Out], items: Sequence[In], at_once: int, done: Callable[[int], None] = lambda _: None
) -> list[Out]:
    """Apply `work` to every item, at most `at_once` at a time, and report the finished count to `done`.

    Calls `done` in this thread. Raises the first error after the calls in flight have ended, and drops the rest.
    """
    pool = ThreadPoolExecutor(max_workers=at_once)
    try:
        futures = [pool.submit(work, item) for item in items]
        for finished, future in enumerate(as_completed(futures), 1):
            future.result()
            done(finished)
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
