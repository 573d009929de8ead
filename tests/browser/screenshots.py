"""Pictures of every page, to be looked at: `python -m tests.browser.screenshots OUTDIR [URL]`.

Without a URL it serves an arena filled with awkward text. Each page is taken at 390 and 1440 px, light and dark.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from tests.browser.chromium import launched
from tests.browser.routes import pages
from tests.leaderboard.filled import fill
from tests.leaderboard.serving import served

WIDTHS = (390, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


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
