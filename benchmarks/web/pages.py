"""Render time and transfer size of every kind of page over a large arena.

    python -m benchmarks.web.pages ARENA

Requests each page of an app over an arena of `benchmarks.web.large` as the first visitor after a publication: the
caches are empty then. Sizes are as rendered and as sent with brotli.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import httpx

from benchmarks.web.visits import BOARD, read_memory, start_app, wait_for_ranks
from leaderboard.data.systems import slug_of
from tests.support.live_server import free_port


def list_addresses() -> list[str]:
    """List one address of every kind of page that grows with an arena."""
    system = f"/systems/{slug_of('Team 1', 'System 1')}"
    return [
        "/", BOARD, f"{BOARD}?sort=team", f"{BOARD}?q=7", f"{BOARD}?kind=reasoning", f"{BOARD}?best=team",
        f"{BOARD}.csv", f"{BOARD}/feed.atom", "/tasks", "/tasks/task-000", "/tasks/task-000?rows=100",
        "/tasks/task-000.csv", "/tasks/task-001", "/tasks/task-000/anchors.json", system, "/compare", "/insights",
        "/cases", "/submissions", "/submissions.csv", "/submit", "/docs", "/docs/api", "/sitemap.xml",
        f"/og{BOARD}.png",
    ]  # fmt: skip


def measure_pages(arena: Path) -> None:
    """Print a line for each page."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with start_app(["app.py"], base, "/", ARENA=str(arena), PORT=str(port)) as (seconds, process):
        print(f"start, s: {seconds:.2f}; memory, MB: {read_memory(process)[0]:.0f}; load: {os.getloadavg()[0]:.1f}")
        print(f"{'':50}{'first, s':>10}{'kB':>10}{'sent, kB':>10}{'status':>8}{'memory, MB':>12}")
        for path in list_addresses():
            began = time.perf_counter()
            answer = httpx.get(base + path, timeout=600, headers={"Accept-Encoding": "br"})
            seconds, sizes = time.perf_counter() - began, (len(answer.content), answer.num_bytes_downloaded)
            held = read_memory(process)[0]
            print(
                f"{path[:48]:50}{seconds:10.2f}{sizes[0] / 1000:10.0f}{sizes[1] / 1000:10.0f}{answer.status_code:8}"
                f"{held:12.0f}",
                flush=True,
            )
        print(f"places, s: {wait_for_ranks(base + BOARD):.0f}")
        now, most = read_memory(process)
        print(f"memory, MB: {now:.0f}, at most {most:.0f}; load: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("arena", type=Path)
    measure_pages(parser.parse_args().arena)
