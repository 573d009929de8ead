"""The site with nothing in it, with a single result, and with thousands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.web import large
from submissions.arena.arena import open_arena
from tests.support.arena_fixture import fill_with_one
from tests.support.browser.audit import overflow, violations
from tests.support.browser.routes import BOARD, MISSES, let_in, pages
from tests.support.browser.visits import Open, visiting
from tests.support.live_server import served
from tests.support.sweeps import sweep

pytestmark = pytest.mark.slow
MANY = 2000
"""Enough for places to be computed behind the page; the pictures and the benchmark have 5,000."""
MOST_ELEMENTS = 10_000
FEW: dict[str, Callable[[Path], object]] = {"empty": lambda folder: open_arena(str(folder)), "one": fill_with_one}
SAME = ("docs", "about", "case-paper", "missing", "check-", "actions")
"""Pages on which an arena's size changes nothing."""
MOST_KB = 600_000


@pytest.mark.parametrize("every", sweep([4, 1], in_short=[4]))
@pytest.mark.parametrize("arena", FEW)
def test_with_next_to_nothing_every_page_opens_and_is_sound(
    arena: str, every: int, tmp_path: Path, browser: Browser
) -> None:
    """Every page is opened; axe-core, which takes longest, looks at every fourth or at all of them."""
    FEW[arena](tmp_path / arena)
    faults: dict[str, object] = {}
    with served(tmp_path / arena) as base, visiting(base, browser) as opened:
        found = pages(base, browser)
        assert ("submission-published" in found) is (arena == "one")
        for number, (name, address) in enumerate(found.items()):
            page = opened(address, MISSES.get(name, 200), **let_in(name, base))
            wide = overflow_at(page, 1440), overflow_at(page, 360)
            rules = [] if name.startswith(SAME) or number % every else violations(page)
            if any(wide) or rules:
                faults[name] = wide, rules
            page.close()
    assert faults == {}


def overflow_at(page: Page, width: int) -> int:
    page.set_viewport_size({"width": width, "height": 900})
    return overflow(page)


@pytest.fixture(scope="module")
def long_board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site with thousands of results."""
    folder = tmp_path_factory.mktemp("many")
    large.fill_arena(folder, MANY)
    before = memory()
    with served(folder) as base:
        yield base
        assert memory() - before < MOST_KB


def memory() -> int:
    """What this process holds, in kB: the site is served from it."""
    return int(re.findall(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())[0])


@pytest.fixture
def visit(long_board: str, browser: Browser) -> Iterator[Open]:
    """Opens pages of the site with thousands of results."""
    with visiting(long_board, browser) as opened:
        yield opened


def test_of_thousands_the_first_rows_come_first_and_more_as_one_scrolls(visit: Open) -> None:
    page = visit(BOARD)
    rows = page.locator("#view tbody:not(.more-rows) > tr")
    expect(rows).to_have_count(50)
    expect(page.locator(".more-rows")).to_contain_text(f"50 of {MANY} rows")
    page.locator(".more-rows").scroll_into_view_if_needed()
    expect(rows).to_have_count(100)
    expect(page).to_have_url(re.compile(r"rows=100$"))
    assert overflow(page) == 0
    page.reload()
    expect(rows).to_have_count(100)


def test_thousands_are_sorted_searched_and_back_undoes_it(visit: Open) -> None:
    page = visit(BOARD)
    best = page.locator("#view tbody th > a").first.text_content()
    page.locator("#sort-overall").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Overall")
    expect(page.locator("#view tbody th > a").first).not_to_have_text(str(best))
    page.go_back()
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Overall")
    expect(page.locator("#view tbody th > a").first).to_have_text(str(best))
    page.locator("#filter-q").fill("System 1234")
    page.locator("#filter-q").press("Enter")
    expect(page.locator("#view tbody th > a")).to_have_text(["System 1234"])
    page.go_back()
    expect(page.locator("#view tbody:not(.more-rows) > tr")).to_have_count(50)


@pytest.mark.parametrize("path", ["/", BOARD, "/submissions", "/compare", "/tasks", "/tasks/task-000"])
def test_pages_of_thousands_are_no_longer_than_a_browser_likes(visit: Open, path: str) -> None:
    page = visit(path)
    for width in (390, 1440):
        assert overflow_at(page, width) == 0
    assert page.locator("*").count() < MOST_ELEMENTS
