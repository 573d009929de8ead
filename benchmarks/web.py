"""How soon a visitor sees something, beside a `gr.Dataframe` that shows the same rows.

    python -m benchmarks.web [--rows 300] [--visits 7]

Measures the start of each app until its first answer, what a first visit transfers, and the time until the first row of
the board is visible in a warm Chromium. Prints medians and their ratios.
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
from pathlib import Path
from statistics import median

import httpx
import pandas as pd
from playwright.sync_api import Browser, sync_playwright

from submissions.arena import commit_again, dump, dump_lines, open_arena
from submissions.repo import Change
from tests.browser.chromium import launched
from tests.leaderboard.filled import published, result, submission, tasks
from tests.leaderboard.serving import free_port

ROOT = Path(__file__).parents[1]
BOARD = "/board/dataset_research"
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
"""Says how many milliseconds after the start of the navigation a frame with the text was painted."""


def filled(folder: Path, rows: int) -> None:
    """An arena with that many published results, in one commit."""
    arena = open_arena(str(folder))
    changes = [Change("tasks.jsonl", dump_lines(tasks()))]
    for number in range(rows):
        made, _ = submission(number, f"System {number}", f"Team {number % 40}", "search")
        changes.append(Change(f"results/{made.id}/demo@1.json", dump(result(made, number / rows))))
        changes.append(Change(f"status/{made.id}.json", dump(published(made))))
    commit_again(arena.results, changes)


@contextmanager
def started(command: list[str], base: str, path: str, **environ: str) -> Iterator[float]:
    """Run an app; the seconds from its start to its first 200 answer. It is stopped at the end."""
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", **environ}
    began = time.perf_counter()
    app = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        while not _answers(base + path):
            if app.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {app.returncode} before it answered")
            time.sleep(0.02)
        yield time.perf_counter() - began
    finally:
        app.terminate()
        app.wait()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def first_row(browser: Browser, address: str, text: str, visits: int) -> tuple[float, float]:
    """Median seconds until a text is visible on warm visits; kilobytes that the first, cold visit transferred."""
    page = browser.new_page()
    page.add_init_script(WATCH.replace("WANTED", json.dumps(text)))
    seconds = []
    for _ in range(visits + 1):
        page.goto(address)
        seconds.append(page.evaluate("window.shown") / 1000)
        if len(seconds) == 1:
            page.wait_for_load_state("networkidle")
            sizes = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            transferred = page.evaluate(f"{sizes}.reduce((sum, entry) => sum + entry.transferSize, 0)")
        page.goto("about:blank")
    page.close()
    return median(seconds[1:]), transferred / 1000


def measure(rows: int, visits: int) -> None:
    """Run both apps on the same rows and print the table."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        filled(Path(folder, "arena"), rows)
        ports = free_port(), free_port()
        ours, theirs = (f"http://127.0.0.1:{port}" for port in ports)
        settings = {"ARENA": str(Path(folder, "arena")), "PORT": str(ports[0])}
        starts = []
        for _ in range(3):
            with started(["app.py"], ours, "/", **settings) as seconds:
                starts.append(seconds)
        stack.enter_context(started(["app.py"], ours, "/", **settings))
        table = pd.DataFrame(httpx.get(f"{ours}{BOARD}.json").json())
        top = str(table["system"].iloc[0])
        shown = ["system", "team", "system_type", "overall", "knowledge", "reasoning", "tasks", "badge"]
        table[shown].to_parquet(Path(folder, "board.parquet"))
        command = ["-c", DATAFRAME_APP, str(Path(folder, "board.parquet")), str(ports[1])]
        theirs_start = stack.enter_context(started(command, theirs, "/"))
        browser = stack.enter_context(launched(stack.enter_context(sync_playwright())))
        row, weight = first_row(browser, ours + BOARD, top, visits)
        their_row, their_weight = first_row(browser, theirs, top, visits)
    print(f"{rows} rows, median of {visits} visits")
    print(f"{'':44}{'arena':>10}{'gr.Dataframe':>14}{'ratio':>8}")
    for name, mine, other in (
        ("start to first 200 answer, s", median(starts), theirs_start),
        ("board's first row visible, warm, s", row, their_row),
        ("transferred on the first visit, kB", weight, their_weight),
    ):
        print(f"{name:44}{mine:10.2f}{other:14.2f}{other / mine:7.1f}x")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--visits", type=int, default=7)
    given = parser.parse_args()
    measure(given.rows, given.visits)
