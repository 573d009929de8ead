from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from submissions.arena.arena import Arena
from submissions.storage.local_repo import LocalRepo
from tests.support.arena_fixture import fill
from tests.support.browser.chromium import launched
from tests.support.browser.routes import OWNER, pages
from tests.support.browser.visits import Open, visiting
from tests.support.live_server import served


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
