"""Pictures of every page, to be looked at: `python -m tests.browser.screenshots OUTDIR [URL]`.

Without a URL it serves an arena filled with awkward text. Each page is taken at 390 and 1440 px, light and dark.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import launched
from tests.leaderboard.filled import fill
from tests.leaderboard.serving import served

WIDTHS = (390, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def pages(base: str, browser: Browser) -> dict[str, str]:
    """Every kind of page of a running site, by name: the first link of each kind, and views that have no link."""
    page = browser.new_page()
    found = {
        "home": "/",
        "board": "/board/dataset_research",
        "board-published": "/board/dataset_research?protocol=paper%401",
        "board-empty": "/board/dataset_research?protocol=paper%401&subset=pro&method=few_shot_1",
        "tasks": "/tasks",
        "insights": "/insights",
        "insights-published": "/insights?protocol=paper%401",
        "tasks-none": "/tasks?language=none",
        "submissions": "/submissions",
        "submit": "/submit",
        "about": "/about",
        "docs": "/docs",
        "docs-api": "/docs/api",
        "docs-scoring": "/docs/scoring",
        "missing": "/tasks/no-such-task",
        "compare-none": "/compare",
    }
    for name, listing in (("task", "/tasks"), ("submission", "/submissions"), ("system", "/submissions")):
        page.goto(base + listing)
        links = page.locator("tbody th .runs a" if name == "system" else "tbody th > a")
        for number in range(min(links.count(), 12)):
            found[f"{name}-{number}"] = links.nth(number).get_attribute("href") or "/"
    page.goto(f"{base}/compare")
    boxes = page.locator("input[name=system]")
    slugs = [("system", boxes.nth(number).get_attribute("value") or "") for number in range(boxes.count())]
    found |= {f"compare-{count}": f"/compare?{urlencode(slugs[:count])}" for count in (2, 5)}
    page.close()
    return found


def take(base: str, out: Path) -> None:
    """Write one picture for each page, width and scheme."""
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, launched(playwright) as browser:
        for name, address in pages(base, browser).items():
            for width in WIDTHS:
                for scheme in SCHEMES:
                    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                    page.goto(base + address)
                    for chart in page.locator(".chart").all():
                        chart.scroll_into_view_if_needed()
                        chart.locator(".main-svg").first.wait_for()
                    # A sticky head would be pictured where the scrolling left it.
                    page.evaluate("scrollTo(0, 0)")
                    page.screenshot(path=out / f"{name}-{width}-{scheme}.png", full_page=True)
                    page.close()


def main(arguments: list[str]) -> None:
    """Take the pictures of the site at a URL, or of one served for the purpose."""
    out = Path(arguments[0])
    if len(arguments) > 1:
        take(arguments[1].rstrip("/"), out)
        return
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder, "arena"))
        with served(Path(folder, "arena")) as base:
            take(base, out)


if __name__ == "__main__":
    main(sys.argv[1:])
