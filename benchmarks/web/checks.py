"""Pages while checks run: latency, memory and disk with 40 checks of the largest accepted files, beside an idle app.

Run `python -m benchmarks.web.checks [--checks N] [--seconds S]`. Each file is a table of some kB that is just accepted:
the check writes almost the limit of a file, samples it, and checks its repair. Pages are requested one after the
other, first from an idle app, then while the checks are queued and running.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import httpx

from benchmarks.web.visits import BOARD, read_memory, start_app
from submissions.checking.limits import MAX_FILE_BYTES
from tests.support.arena_fixture import fill
from tests.support.live_server import free_port
from tests.support.parquet_attacks import repeat_long_text
from tests.support.web_submissions import FIELDS

PAGES = ("/", BOARD, "/tasks", "/submissions", "/submit", f"{BOARD}.csv")
CHARACTERS = 190_000
ALLOWED_MS, ALLOWED_RATIO = 100.0, 3.0
BUSY = (429, 503)


@dataclass
class PeakUse:
    """Greatest use seen while something runs."""

    child: float = 0.0
    """Resident megabytes of one check process."""
    children: int = 0
    """Number of check processes at a time."""
    disk: int = 0
    """Bytes in the temporary folder."""
    is_over: threading.Event = field(default_factory=threading.Event)

    def watch(self, process: int, folder: Path) -> None:
        """Look every tenth of a second until it is over."""
        while not self.is_over.wait(0.1):
            sizes = list(_child_sizes(process))
            self.children, self.child = max(self.children, len(sizes)), max([self.child, *sizes])
            self.disk = max(self.disk, sum(_file_sizes(folder)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web.checks", description=__doc__)
    parser.add_argument("--checks", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each of the two measurements")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        fill(Path(where, "arena"))
        temporary = Path(where, "temporary")
        temporary.mkdir()
        measure_checks(Path(where, "arena"), temporary, given.checks, given.seconds)


def measure_checks(arena: Path, temporary: Path, checks: int, seconds: float) -> None:
    """Measure an app, idle and with checks."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    content = repeat_long_text(CHARACTERS, MAX_FILE_BYTES // (CHARACTERS + 50))
    settings = {"ARENA": str(arena), "PORT": str(port), "TMPDIR": str(temporary), "TRUSTED_PROXIES": "127.0.0.1"}
    with ThreadPoolExecutor(checks) as senders:
        with start_app(["app.py"], base, "/", **settings) as (_, process), _peak_use(process, temporary) as use:
            for path in PAGES:
                httpx.get(base + path, timeout=60)
            idle, idle_load = measure_pages(base, seconds), os.getloadavg()[0]
            answers = [senders.submit(_send_check, base, number, content) for number in range(checks)]
            busy = measure_pages(base, seconds)
            finished = sum(answer.done() for answer in answers)
            web = read_memory(process)[1]
        # The app has ended, and with it the checks that still waited.
        print(f"load: {idle_load:.1f} idle, {os.getloadavg()[0]:.1f} with checks; {os.cpu_count()} cores")
        print(f"{checks} checks sent, {finished} over within {seconds:.0f} s")
        print(f"{'':22}{'p50, ms':>10}{'p99, ms':>10}{'worst, ms':>10}{'pages':>8}")
        for name, times in (("idle", idle), ("with checks", busy)):
            percents = quantiles(times, n=100)
            print(f"{name:22}{percents[49]:10.1f}{percents[98]:10.1f}{max(times):10.1f}{len(times):8}")
        allowed = max(ALLOWED_MS, ALLOWED_RATIO * quantiles(idle, n=100)[98])
        print(f"allowed p99: {allowed:.0f} ms; met: {quantiles(busy, n=100)[98] <= allowed}")
        print(f"web process, peak MB: {web:.0f}; a check process: {use.child:.0f}", end="; ")
        print(f"check processes at a time: {use.children}; temporary files, peak MB: {use.disk / 1e6:.0f}")


def measure_pages(base: str, seconds: float) -> list[float]:
    """Request pages in turn; return the milliseconds of each."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    with httpx.Client(timeout=60) as client:
        while time.perf_counter() < until:
            began = time.perf_counter()
            client.get(base + PAGES[len(times) % len(PAGES)]).raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
            time.sleep(0.02)
    return times


def _send_check(base: str, number: int, content: bytes) -> None:
    """Send one check from an address of its own, again while the site is busy, until the app ends."""
    headers = {"X-Forwarded-For": f"203.0.113.{number + 1}"}
    form = {**FIELDS, "action": "check"}
    with suppress(httpx.TransportError):
        files = [("files", ("mc-en-science.parquet", content))]
        while httpx.post(f"{base}/submit", data=form, files=files, headers=headers, timeout=600).status_code in BUSY:
            time.sleep(1)


@contextmanager
def _peak_use(process: int, folder: Path) -> Iterator[PeakUse]:
    use = PeakUse()
    watcher = threading.Thread(target=use.watch, args=(process, folder))
    watcher.start()
    try:
        yield use
    finally:
        use.is_over.set()
        watcher.join()


def _child_sizes(process: int) -> Iterator[float]:
    for thread in Path(f"/proc/{process}/task").iterdir():
        try:
            for child in (thread / "children").read_text().split():
                yield read_memory(int(child))[1]
        except (OSError, KeyError):  # it ended meanwhile
            continue


def _file_sizes(folder: Path) -> Iterator[int]:
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # it was removed meanwhile
                yield Path(root, name).stat().st_size


if __name__ == "__main__":
    main()
