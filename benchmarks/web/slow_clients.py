"""Pages for others while slow clients hold connections: 24 slow uploads, and 1,100 half-sent requests.

    python -m benchmarks.web.slow_clients [--results 300] [--seconds 10] [--files 1024]

Starts the web app with a limit of open files, asks for pages one after another, first idle, then during each attack,
and sends a delivery to be checked in the middle. All of it comes from one address, the loopback's.
"""

from __future__ import annotations

import argparse
import os
import resource
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from benchmarks.web.large import fill_arena
from benchmarks.web.visits import BOARD, read_memory, start_app
from tests.support.live_server import free_port

UPLOADS, HALF_REQUESTS = 24, 1100
PAGES = (BOARD, "/tasks", "/submit", "/about")
ROWS = b'{"input": "a question", "output": "an answer"}\n' * 12
HALF = b"GET / HTTP/1.1\r\nHost: x\r\nX-a: "
UPLOAD = (
    b"POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    b"Content-Length: 500000000\r\n\r\n--x\r\n"
    b'Content-Disposition: form-data; name="files"; filename="a.jsonl"\r\n\r\nx'
)


@dataclass
class PageLatencies:
    """Pages that were asked for during one phase."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    """Pages without an answer of status 200."""
    form: str = ""
    """Status of a delivery that was sent to be checked."""

    def quantile(self, share: float) -> float:
        """Return a quantile in milliseconds."""
        ordered = sorted(self.seconds) or [0.0]
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def ask_pages(base: str, seconds: float) -> PageLatencies:
    """Ask for pages on new connections, one after another; send a delivery half-way."""
    latencies, began = PageLatencies(), time.perf_counter()
    number = 0
    while (now := time.perf_counter()) - began < seconds:
        if not latencies.form and now - began > seconds / 2:
            latencies.form = send_delivery(base)
            continue
        latencies.failed += not _is_page(f"{base}{PAGES[number % len(PAGES)]}")
        latencies.seconds.append(time.perf_counter() - now)
        number += 1
    return latencies


def _is_page(address: str) -> bool:
    try:
        return httpx.get(address, timeout=30, headers={"Connection": "close"}).status_code == 200
    except httpx.TransportError:
        return False


def send_delivery(base: str) -> str:
    """Send a small delivery to be checked; return the status of the answer, or the fault's name."""
    form = {"track": "dataset_research", "action": "check"}
    try:
        files = [("files", ("task-000.jsonl", ROWS))]
        return str(httpx.post(f"{base}/submit", data=form, files=files, timeout=60).status_code)
    except httpx.TransportError as error:
        return type(error).__name__


@contextmanager
def hold_connections(base: str, count: int, sent: bytes) -> Iterator[Callable[[], int]]:
    """Context manager that opens connections and sends the beginning of a request on each.

    Yields a function that sends one more byte on each, and returns the number of those that are still open.
    """
    parts = urlsplit(base)
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            client = stack.enter_context(socket.create_connection((parts.hostname or "", parts.port or 80), timeout=5))
            client.sendall(sent)
            clients.append(client)
        yield lambda: sum(_is_open(client) for client in clients)


def _is_open(client: socket.socket) -> bool:
    try:
        client.send(b"y")
        client.setblocking(False)
        return bool(client.recv(4096)) and False
    except BlockingIOError:
        return True
    except OSError:
        return False


def measure_attacks(arena: Path, seconds: float, files: int) -> None:
    """Print a line for each phase."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))
    command = ["-c", LIMITED.format(files=files)]
    with start_app(command, base, "/", ARENA=str(arena), PORT=str(port)) as (_, process):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
        for path in PAGES:
            httpx.get(base + path, timeout=300)
        print(f"{files} open files allowed; load of the machine {os.getloadavg()[0]:.1f}")
        print(f"{'':32}{'pages':>7}{'p50, ms':>9}{'p99, ms':>9}{'p99 ratio':>11}{'failed':>8}{'form':>6}{'open':>7}")
        idle = ask_pages(base, seconds)
        _print_phase("idle", idle, idle, "")
        for name, count, sent in (
            (f"{UPLOADS} slow uploads", UPLOADS, UPLOAD),
            (f"{HALF_REQUESTS} half-sent requests", HALF_REQUESTS, HALF),
        ):
            with hold_connections(base, count, sent) as count_open:
                during = ask_pages(base, seconds)
                _print_phase(name, during, idle, str(count_open()))
        _print_phase("afterwards", ask_pages(base, seconds), idle, "")
        now, most = read_memory(process)
        print(f"memory, MB: {now:.0f}, at most {most:.0f}; load of the machine {os.getloadavg()[0]:.1f}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


LIMITED = """
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))
from leaderboard.serve import serve_arena
serve_arena(os.environ, "app.py")
"""
"""The web app under a hard limit of open files, which it cannot raise."""


def _print_phase(name: str, during: PageLatencies, idle: PageLatencies, held: str) -> None:
    ratio = during.quantile(0.99) / idle.quantile(0.99)
    print(
        f"{name:32}{len(during.seconds):7}{during.quantile(0.5):9.1f}{during.quantile(0.99):9.1f}{ratio:11.2f}"
        f"{during.failed:8}{during.form:>6}{held:>7}",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--files", type=int, default=1024)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        fill_arena(Path(temporary, "arena"), given.results)
        measure_attacks(Path(temporary, "arena"), given.seconds, given.files)
