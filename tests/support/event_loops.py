"""Coroutines in tests that run in one process with browser tests."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def run_in_new_loop(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine in a thread: where a browser was tested before, this one has a loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()  # noqa: TID251
