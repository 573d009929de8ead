from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from submissions.arena.arena import Arena
from submissions.storage.local_repo import LocalRepo
from tests.support.arena_fixture import fill
from tests.support.browser.chromium import launched
from tests.support.browser.routes import OWNER, pages
from tests.support.live_server import served

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def arena_of_base(tmp_path_factory: pytest.TempPathFactory) -> Arena:
    return fill(tmp_path_factory.mktemp("browser") / "arena", OWNER)


@pytest.fixture(scope="session")
def base(arena_of_base: Arena) -> Iterator[str]:
    assert isinstance(arena_of_base.results, LocalRepo)
    with served(arena_of_base.results.folder.parent) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright) as chromium:
        yield chromium


@pytest.fixture(scope="session")
def addresses(base: str, browser: Browser) -> dict[str, str]:
    """Every page of the filled site, by name."""
    return pages(base, browser)


@pytest.fixture
def visit(base: str, browser: Browser) -> Iterator[Open]:
    """Opens pages; at the end, none of them may have complained or asked another host for anything."""
    with visiting(base, browser) as opened:
        yield opened


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
