"""Fifty visitors of one cold page: renderings, and seconds beside those of a single visitor.

    python -m benchmarks.web.cold_pages [--results 1000] [--visitors 50]

Then 40 visitors who hang up at once: the pages that are still rendered for them.
"""

from __future__ import annotations

import argparse
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from benchmarks.web.large import fill_arena
from benchmarks.web.visits import BOARD
from leaderboard.app import make_app
from leaderboard.settings import read_settings
from leaderboard.web import site as site_module
from leaderboard.web.site import Site
from submissions.index.result_tables import encode_table
from tests.support.live_server import free_port, running

PAGES = (BOARD, "/insights", "/tasks/task-000", "/submissions.csv", "/tasks/task-001.parquet")
HANG_UPS = 40
ENCODINGS = ("br", "gzip")


class RenderingCount:
    """Number of pages and tables that were made."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Context manager in which renderings are counted."""
        pages = mock.patch.object(Site, "render", self._count_calls(Site.render))
        tables = mock.patch.object(site_module, "encode_table", self._count_calls(encode_table))
        with pages, tables:
            yield

    def _count_calls(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            self.count += 1
            return function(*args)

        return call


def measure_pages(client: httpx.Client, renderings: RenderingCount, visitors: int) -> None:
    """Print a line for each kind of page."""
    print(f"{'':36}{'kB':>8}{'one, s':>9}{f'{visitors}, s':>9}{'ratio':>7}{'renderings':>12}{'warm, ms':>10}")
    for path in PAGES:
        began = time.perf_counter()
        size = len(client.get(path).content)
        alone = time.perf_counter() - began
        before, began = renderings.count, time.perf_counter()
        with ThreadPoolExecutor(visitors) as pool:
            answers = list(pool.map(partial(_get_cold, client, path), range(visitors)))
        together, made = time.perf_counter() - began, renderings.count - before
        assert {answer.status_code for answer in answers} == {200}
        began = time.perf_counter()
        client.get(path)
        warm = time.perf_counter() - began
        print(
            f"{path[:34]:36}{size / 1000:8.0f}{alone:9.2f}{together:9.2f}{together / alone:7.1f}{made:12}"
            f"{warm * 1000:10.1f}",
            flush=True,
        )


def _get_cold(client: httpx.Client, path: str, number: int) -> httpx.Response:
    """Get another URL of the same page: it is as cold as after a change of the arena."""
    headers = {"Accept-Encoding": ENCODINGS[number % len(ENCODINGS)]}
    return client.get(f"{path}?cold=1", headers=headers)


def measure_hang_ups(client: httpx.Client, renderings: RenderingCount, port: int) -> None:
    """Print how many pages are rendered for visitors who left."""
    before = renderings.count
    for number in range(HANG_UPS):
        with socket.create_connection(("127.0.0.1", port)) as visitor:
            visitor.sendall(f"GET /tasks/task-002?left={number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    began = time.perf_counter()
    assert client.get("/about").status_code == 200
    waited = time.perf_counter() - began
    for number in range(20):  # asked one after another, so that what is still in the queue comes first
        client.get(f"/about?after={number}")
    made = renderings.count - before - 21
    print(f"{HANG_UPS} visitors who hang up at once: {made} pages rendered for them; /about meanwhile {waited:.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=1000)
    parser.add_argument("--visitors", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        arena = Path(temporary, "arena")
        fill_arena(arena, given.results)
        port = free_port()
        settings = read_settings({"ARENA": str(arena), "PORT": str(port)})
        renderings = RenderingCount()
        with renderings.counting(), running(make_app(settings), settings) as address:
            limits = httpx.Limits(max_connections=2 * given.visitors)
            with httpx.Client(base_url=address, timeout=300, limits=limits) as client:
                print(f"{given.results} results; load of the machine {os.getloadavg()[0]:.1f}")
                measure_pages(client, renderings, given.visitors)
                measure_hang_ups(client, renderings, port)
                print(f"load of the machine {os.getloadavg()[0]:.1f}")
