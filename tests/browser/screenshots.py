"""Pictures of every page, to be looked at: `python -m tests.browser.screenshots OUTDIR [URL] [--only NAME]`.

Each page is taken at 390 and 1440 px, light and dark; some also on paper and without JavaScript. Without a URL it
serves arenas for the purpose: one filled with awkward text, an empty one, one with a single result, one with 5,000.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.web import large
from submissions.arena.arena import open_arena
from tests.support.arena_fixture import fill, fill_with_one
from tests.support.browser.chromium import launched
from tests.support.browser.routes import BOARD, OWNER, let_in, pages
from tests.support.live_server import served

WIDTHS = (390, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PRINTED = (
    "board",
    "board-published",
    "submission-published",
    "task-0",
    "compare-2",
    "case-paper",
    "docs-scoring",
    "insights",
)
PAPER = {"width": 718, "height": 1000}
"""Of A4 within its margins."""
PLAIN = ("board", "submissions", "submit", "check-refused", "submission-evaluating", "compare-5", "teams")
MANY = {
    "home": "/",
    "board": BOARD,
    "board-deep": f"{BOARD}?rows=100",
    "board-all-columns": f"{BOARD}?columns=system,team,type,overall,knowledge,reasoning",
    "submissions": "/submissions",
    "tasks": "/tasks",
    "insights": "/insights",
    "compare-none": "/compare",
}
"""What is looked at in an arena of 5,000 results."""


class Pictures:
    """Takes pictures of one site into a folder."""

    def __init__(self, browser: Browser, base: str, out: Path, only: str) -> None:
        self.browser, self.base, self.out, self.only = browser, base, out, only
        out.mkdir(parents=True, exist_ok=True)

    def take(self, addresses: Mapping[str, str], prefix: str = "") -> None:
        """Each page at each width, light and dark."""
        for name, address in self._chosen(addresses, prefix):
            for width in WIDTHS:
                with self._opened(name, address, viewport={"width": width, "height": 900}) as page:
                    for chart in page.locator(".chart").all():
                        chart.scroll_into_view_if_needed()
                        chart.locator(".main-svg").first.wait_for()
                    for scheme in SCHEMES:
                        page.emulate_media(color_scheme=scheme)
                        self._picture(page, f"{prefix}{name}-{width}-{scheme}")

    def take_on_paper(self, addresses: Mapping[str, str]) -> None:
        """Some pages as they are printed, as a picture and as a PDF."""
        for name, address in self._chosen({name: addresses[name] for name in PRINTED}, "print-"):
            with self._opened(name, address, viewport=PAPER) as page:
                page.emulate_media(media="print")
                self._picture(page, f"print-{name}")
                page.pdf(path=self.out / f"print-{name}.pdf", format="A4")

    def take_plain(self, addresses: Mapping[str, str]) -> None:
        """Some pages as they are without JavaScript."""
        for name, address in self._chosen({name: addresses[name] for name in PLAIN}, "plain-"):
            for width in WIDTHS:
                view = {"width": width, "height": 900}
                with self._opened(name, address, viewport=view, java_script_enabled=False) as page:
                    self._picture(page, f"plain-{name}-{width}")

    def _chosen(self, addresses: Mapping[str, str], prefix: str) -> list[tuple[str, str]]:
        return [(name, address) for name, address in addresses.items() if self.only in prefix + name]

    @contextmanager
    def _opened(self, name: str, address: str, **options: Any) -> Iterator[Page]:
        context = self.browser.new_context(base_url=self.base, **let_in(name, self.base), **options)
        page = context.new_page()
        page.goto(address)
        yield page
        context.close()

    def _picture(self, page: Page, name: str) -> None:
        # A sticky head would be pictured where the scrolling left it.
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=self.out / f"{name}.png", full_page=True)


def take_all(browser: Browser, out: Path, only: str) -> None:
    """Serve every kind of arena and take the pictures of each."""
    with tempfile.TemporaryDirectory() as folder:
        filled, empty, one, many = (Path(folder, name) for name in ("filled", "empty", "one", "many"))
        fill(filled, OWNER)
        open_arena(str(empty))
        fill_with_one(one)
        with served(filled) as base:
            pictures, addresses = Pictures(browser, base, out, only), pages(base, browser)
            pictures.take(addresses)
            pictures.take_on_paper(addresses)
            pictures.take_plain(addresses)
        for arena in (empty, one):
            with served(arena) as base:
                Pictures(browser, base, out, only).take(pages(base, browser), f"{arena.name}-")
        if not any(only in f"many-{name}" for name in MANY):
            return
        large.fill_arena(many, 5000)
        with served(many) as base:
            Pictures(browser, base, out, only).take(MANY, "many-")


def main() -> None:
    """Take the pictures of the site at a URL, or of those served for the purpose."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--only", default="", help="a part of the names of the pictures to take")
    given = parser.parse_args()
    with sync_playwright() as playwright, launched(playwright) as browser:
        if given.url:
            base = given.url.rstrip("/")
            Pictures(browser, base, given.out, given.only).take(pages(base, browser))
        else:
            take_all(browser, given.out, given.only)


if __name__ == "__main__":
    main()
