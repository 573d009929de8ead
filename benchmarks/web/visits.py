"""Time to first content for a visitor, beside a `gr.Dataframe` with the same rows.

    python -m benchmarks.web.visits [--rows 5000] [--results 10000] [--visits 7] [--arena FOLDER]

Measures the board: first row visible in a warm Chromium, a sort and a filter until repainted, the transfer of a first
visit with and without its chart, and answers per second over 50 connections. Then, with more results: a cold start
from compacted files, the memory of the process, and the delay until a new result is on the board. `--arena` is one
that `benchmarks.web.large` made with so many results, for it takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import pandas as pd
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.web.large import fill_arena, make_result, make_submission
from submissions.arena.arena import commit_with_retry, open_arena, result_path
from submissions.arena.ids import submission_dir
from submissions.index.result_index import result_index_changes
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.arena_fixture import published
from tests.support.browser.chromium import launched
from tests.support.live_server import free_port

ROOT = Path(__file__).parents[2]
BOARD = "/board/dataset_research"
CONNECTIONS, SECONDS = 50, 5
COLUMNS = (
    "rank_first", "system", "team", "system_type", "overall", "overall_low", "overall_high", "knowledge",
    "knowledge_low", "knowledge_high", "reasoning", "reasoning_low", "reasoning_high", "median", "seed_sd", "tasks",
    "badge", "published_on", "unit", "protocol",
)  # fmt: skip
"""The twenty columns that both apps show."""
EVERY = "?columns=rank_first,team,system_type,overall,knowledge,reasoning,median,seed_sd,tasks,badge,published_on"
DATAFRAME_APP = """
import sys, gradio, pandas
with gradio.Blocks() as app:
    gradio.Dataframe(pandas.read_parquet(sys.argv[1]), interactive=False)
app.launch(server_port=int(sys.argv[2]), quiet=True, ssr_mode=False)
"""
WATCH = """
window.shown = new Promise((done) => {
  const look = () => {
    const SEEN = { opacityProperty: true, visibilityProperty: true };
    const texts = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { data, parentElement } = texts.currentNode;
      if (data.trim() === WANTED && parentElement.checkVisibility(SEEN)) return done(performance.now());
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
});
"""
"""Script: milliseconds from the start of the navigation to the first painted frame with the text."""
ACT = """
([act, of, text]) => new Promise((done) => {
  const view = () => document.querySelector(of);
  const before = text ? null : view();
  const began = performance.now();
  const look = () => {
    const now = view();
    const there = text ? now && now.textContent.includes(text) : now !== before;
    there ? requestAnimationFrame(() => done(performance.now() - began)) : requestAnimationFrame(look);
  };
  const [name, selector, value] = act;
  const element = document.querySelector(selector);
  if (name === "fill") { element.value = value; element.dispatchEvent(new Event("change", { bubbles: true })); }
  else element.click();
  requestAnimationFrame(look);
})
"""
"""Script: acts, and returns milliseconds until the frame after the change is painted."""


@dataclass(frozen=True)
class PageTimes:
    """Browser timings of one app."""

    row: float
    """Seconds until the first row."""
    bare: float
    """Kilobytes transferred, without content loaded on scrolling."""
    whole: float


@contextmanager
def start_app(command: list[str], base: str, path: str, **environ: str) -> Iterator[tuple[float, int]]:
    """Run an app and stop it at the end; yield the seconds to its first 200 answer, and its process."""
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", **environ}
    began = time.perf_counter()
    app = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        while not _is_ready(base + path):
            if app.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {app.returncode} before it answered")
            time.sleep(0.02)
        yield time.perf_counter() - began, app.pid
    finally:
        app.terminate()
        app.wait()


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(address, timeout=120).status_code == 200
    except httpx.TransportError:
        return False


def read_memory(process: int) -> tuple[float, float]:
    """Return the current and the peak memory of a process in megabytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    found = {line.partition(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return int(found["VmRSS"]) / 1000, int(found["VmHWM"]) / 1000


def measure_page(browser: Browser, address: str, text: str, visits: int) -> PageTimes:
    """Measure median seconds until a text is visible on warm visits, and the transfer of the first, cold visit."""
    page = browser.new_page()
    page.add_init_script(WATCH.replace("WANTED", json.dumps(text)))
    seconds, bare, all_of_it = [], 0.0, 0.0
    for _ in range(visits + 1):
        page.goto(address)
        seconds.append(page.evaluate("window.shown") / 1000)
        if len(seconds) == 1:
            page.wait_for_load_state("networkidle")
            bare = _measure_transfer(page)
            page.evaluate("document.querySelector('.chart')?.scrollIntoView()")
            page.wait_for_timeout(500)
            page.wait_for_load_state("networkidle")
            all_of_it = _measure_transfer(page)
        page.goto("about:blank")
    page.close()
    return PageTimes(median(seconds[1:]), bare, all_of_it)


def _measure_transfer(page: Page) -> float:
    sizes = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
    return float(page.evaluate(f"{sizes}.reduce((sum, entry) => sum + entry.transferSize, 0)")) / 1000


def measure_repaint(browser: Browser, address: str, visits: int) -> dict[str, list[float]]:
    """Measure milliseconds until a sort and a search are painted: on first use, and again."""
    page = browser.new_page()
    found: dict[str, list[float]] = {"sort": [], "filter": []}
    for visit in range(visits):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        act = ["click", "#sort-team" if visit % 2 else "#sort-knowledge", ""]
        found["sort"].append(page.evaluate(ACT, [act, "#view", ""]))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        found["filter"].append(page.evaluate(ACT, [["fill", "#filter-q", f"System {visit % 3 + 1}7"], "#view", ""]))
    page.close()
    return found


def measure_rate(address: str, *headers: str) -> float:
    """Measure answers per second over many connections, from another process."""
    command = [sys.executable, "-m", "benchmarks.web.load", address, str(CONNECTIONS), str(SECONDS), *headers]
    return float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def wait_for_ranks(address: str) -> float:
    """Wait for the board's ranks, which are computed in the background; return the seconds."""
    began = time.perf_counter()
    while "Places are being computed" in httpx.get(address, timeout=120).text:
        time.sleep(0.5)
    return time.perf_counter() - began


def compare_board(folder: Path, rows: int, visits: int) -> None:
    """Measure both apps with the same rows."""
    fill_arena(folder / "arena", rows)
    ports = free_port(), free_port()
    ours, theirs = (f"http://127.0.0.1:{port}" for port in ports)
    with ExitStack() as stack:
        settings = {"ARENA": str(folder / "arena"), "PORT": str(ports[0])}
        stack.enter_context(start_app(["app.py"], ours, "/", **settings))
        print(f"places of {rows} systems, s: {wait_for_ranks(ours + BOARD):.1f}")
        table = pd.DataFrame(httpx.get(f"{ours}{BOARD}.json", timeout=120).json())
        top = str(table["system"].iloc[0])
        table[list(COLUMNS)].to_parquet(folder / "board.parquet")
        command = ["-c", DATAFRAME_APP, str(folder / "board.parquet"), str(ports[1])]
        stack.enter_context(start_app(command, theirs, "/"))
        browser = stack.enter_context(launched(stack.enter_context(sync_playwright())))
        mine, other = (
            measure_page(browser, ours + BOARD + EVERY, top, visits),
            measure_page(browser, theirs, top, visits),
        )
        acts = measure_repaint(browser, ours + BOARD, visits)
        speeds = measure_rate(ours + BOARD), measure_rate(theirs)
        tag = httpx.get(ours + BOARD).headers["etag"]
        unchanged = measure_rate(ours + BOARD, f"If-None-Match: {tag}")
    print(f"{rows} rows x {len(COLUMNS)} columns, median of {visits} visits")
    print(f"{'':44}{'arena':>10}{'gr.Dataframe':>14}{'ratio':>8}")
    for name, one, two in (
        ("first row visible, warm, s", mine.row, other.row),
        ("transferred, first visit, no chart, kB", mine.bare, other.bare),
        ("transferred, with the chart, kB", mine.whole, other.whole),
    ):
        print(f"{name:44}{one:10.2f}{two:14.2f}{two / one:7.1f}x")
    print(
        f"{f'answers/s, {CONNECTIONS} connections':44}{speeds[0]:10.0f}{speeds[1]:14.0f}{speeds[0] / speeds[1]:7.1f}x"
    )
    print(f"{'the same, unchanged (304)':44}{unchanged:10.0f}")
    for name, times in acts.items():
        print(f"{f'{name} until repainted, first / median, ms':44}{times[0]:10.0f}{median(times):14.0f}")


def measure_arena(folder: Path, results: int) -> None:
    """Measure the process with many results: its start, memory and refresh."""
    port = free_port()
    ours = f"http://127.0.0.1:{port}"
    settings = {"ARENA": str(folder), "PORT": str(port)}
    with start_app(["app.py"], ours, "/", **settings) as (seconds, process):
        print(f"{results} results: start to first answer, s: {seconds:.2f}; memory, MB: {read_memory(process)[0]:.0f}")
        made = make_submission(results + int(time.time()) % 10_000)
        of = make_result(made, 2.0)
        store = open_arena(str(folder))
        record = Change(f"{submission_dir(made.id)}/submission.json", to_json(made))
        commit_with_retry(store.submissions, [record])
        changes = [Change(result_path(made.id, "demo@1"), to_json(of)), *result_index_changes(store.results, [of])]
        httpx.get(ours, timeout=120)
        commit_with_retry(store.results, [*changes, Change(f"status/{made.id}.json", to_json(published(made)))])
        began = time.perf_counter()
        assert made.id in httpx.get(f"{ours}/submissions", timeout=120).text
        print(f"a new result is shown after, s: {time.perf_counter() - began:.2f}")
        for path in (BOARD, "/tasks", "/tasks/task-000", "/insights", "/submissions", "/compare"):
            httpx.get(ours + path, timeout=300)
        waited = wait_for_ranks(ours + BOARD)
        now, most = read_memory(process)
        print(f"places, s: {waited:.0f}; memory after every kind of page, MB: {now:.0f}, at most {most:.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--results", type=int, default=10_000)
    parser.add_argument("--visits", type=int, default=7)
    parser.add_argument("--arena", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        if given.rows:
            compare_board(Path(temporary), given.rows, given.visits)
        if given.results:
            large = given.arena or Path(temporary, "large")
            if not given.arena:
                fill_arena(large, given.results)
            measure_arena(large, given.results)
