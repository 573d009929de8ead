"""What holds on every page of the site, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from leaderboard.app import SITE_ROUTES as ROUTES
from tests.support.browser.audit import overflow, shift, tabbed, violations
from tests.support.browser.routes import MISSES, NAMES, forgotten_pages, let_in
from tests.support.browser.visits import Open, visiting

pytestmark = pytest.mark.slow
View = tuple[int, Literal["light", "dark"]]
VIEWS: tuple[View, ...] = ((390, "dark"), (1440, "dark"), (1440, "light"))
PAPER = {"width": 718, "height": 1000}
"""Of A4 within its margins."""
WIDTHS = (360, 390, 768, 1100, 1440, 2560)
SAID = "main h1, main h2, main th, main td, main dt, main dd"


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Every page in turn: all of this file's tests look at one before the next is opened."""
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def page(name: str, base: str, browser: Browser, addresses: dict[str, str]) -> Iterator[Page]:
    """The page, opened once."""
    with visiting(base, browser) as opened:
        yield opened(addresses[name], MISSES.get(name, 200), **let_in(name, base))


def test_the_table_of_pages_misses_none(addresses: dict[str, str]) -> None:
    assert set(addresses) == set(NAMES)
    paths = {address.partition("?")[0] for address in addresses.values()}
    assert forgotten_pages(ROUTES, paths) == []


def test_nothing_moves_while_it_is_opened(page: Page) -> None:
    assert shift(page) < 0.01


def test_axe_finds_nothing_against_wcag_2_2_in_one_view(page: Page, name: str) -> None:
    """The views take turns from page to page."""
    assert violations_in(page, VIEWS[NAMES.index(name) % len(VIEWS)]) == []


@pytest.mark.full
def test_axe_finds_nothing_against_wcag_2_2_in_any_view(page: Page) -> None:
    found = {view: violations_in(page, view) for view in VIEWS}
    assert {view: rules for view, rules in found.items() if rules} == {}


def violations_in(page: Page, view: View) -> list[str]:
    """What axe-core finds on a page at a width and in a colour scheme."""
    page.set_viewport_size({"width": view[0], "height": 900})
    page.emulate_media(color_scheme=view[1])
    return violations(page)


def test_nothing_sticks_out_at_any_width(page: Page) -> None:
    wide = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide[width] = overflow(page)
    assert {width: pixels for width, pixels in wide.items() if pixels} == {}


def test_what_strangers_wrote_is_text(page: Page) -> None:
    assert page.locator("main script:not([type='application/json'])").count() == 0
    assert page.locator("main img[onerror], main [onclick], main i > i").count() == 0
    text = page.locator("body").inner_text()
    assert not any(letter in text for letter in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068")


def test_the_keyboard_alone_reaches_everything_and_shows_where_it_is(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")
    page.set_viewport_size({"width": 390, "height": 900})
    reached, unseen, expected = tabbed(page)
    assert unseen == []
    assert len(reached) == expected


def test_on_paper_nothing_is_cut_off(page: Page) -> None:
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print", color_scheme="light")
    assert overflow(page) == 0
    assert page.locator("header.site nav, .tools, .downloads").filter(visible=True).count() == 0
    page.emulate_media(media="screen")


def test_without_javascript_the_same_is_said(page: Page, name: str, visit: Open) -> None:
    address = page.url.removeprefix(page.evaluate("location.origin"))
    plain = visit(address, MISSES.get(name, 200), java_script_enabled=False, **let_in(name, page.url))
    assert plain.locator(SAID).all_text_contents() == page.locator(SAID).all_text_contents()
    assert plain.title() == page.title() != "", "also when parts of it were loaded since"
