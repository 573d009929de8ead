"""Debian's Chromium for the tests, found by $CHROMIUM or on the path."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Playwright

SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def executable() -> str:
    """Where Chromium is. Raises RuntimeError that says how to get it."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise RuntimeError("The browser tests need Chromium: `apt-get install chromium`, or set CHROMIUM to its path.")
    return found


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """A headless browser, closed at the end."""
    browser = playwright.chromium.launch(executable_path=executable(), args=SWITCHES)
    try:
        yield browser
    finally:
        browser.close()
