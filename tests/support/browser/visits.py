"""Pages opened in a browser that may not complain or ask another host for anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Request

Open = Callable[..., Page]


@contextmanager
def visiting(base: str, browser: Browser) -> Iterator[Open]:
    """The same for as long as a test, or a file of them, needs it."""
    complaints: list[str] = []
    contexts = []

    def complain(message: ConsoleMessage) -> None:
        # The browser reports every page that is sent with an error status, which a refusal and a miss rightly are.
        if message.type == "error" and "responded with a status of 4" not in message.text:
            complaints.append(message.text)

    def fail(request: Request) -> None:
        # What is under way when a page is left, as a poll may be, is rightly given up.
        if request.failure != "net::ERR_ABORTED":
            complaints.append(f"{request.url} failed: {request.failure}")

    def stay_at_home(request: Request) -> None:
        if not request.url.startswith((base, "data:")):
            complaints.append(request.url)

    def opened(path: str, expects: int = 200, **options: Any) -> Page:
        context = browser.new_context(base_url=base, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", fail)
        page.on("request", stay_at_home)
        page.on("console", complain)
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == expects
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
