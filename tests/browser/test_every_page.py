"""What holds on every page of the site, in a real browser."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page
from starlette.routing import Match, Route

from leaderboard.pages import ROUTES
from tests.browser.audit import overflow, shift, tabbed, violations
from tests.browser.conftest import Open
from tests.browser.routes import NAMES

pytestmark = pytest.mark.slow
WIDTHS = (360, 390, 768, 1100, 1440, 2560)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TABLES = {"/insights/{name:stem}{ending:ending}"}
"""Routes of twins alone, whose ways to their place have names of their own."""
PERSONAL = {"/submissions/{ulid}/held{ending:ending}"}
"""Routes that only an owner is let in by; test_live.py looks at them as one."""
SAID = "main h1, main h2, main th, main td, main dt, main dd"


@pytest.fixture
def opened(addresses: dict[str, str], visit: Open) -> Open:
    """Opens a page by its name."""

    def by_name(name: str, **options: object) -> Page:
        return visit(addresses[name], expects=404 if name == "missing" else 200, **options)

    return by_name


def test_the_table_of_pages_misses_none(addresses: dict[str, str]) -> None:
    assert set(addresses) == set(NAMES)
    paths = {address.partition("?")[0] for address in addresses.values()}
    forgotten = [route.path for route in ROUTES if is_page(route) and not any(is_at(route, path) for path in paths)]
    assert forgotten == []


def is_page(route: Route) -> bool:
    """Whether a route shows a page of its own. What stands on another page has twins only, and a way to its place."""
    plain = route.path.removesuffix("{ending:ending}").replace(":stem}", "}")
    ways = {other.path for other in ROUTES if other is not route}
    return route.endpoint.__qualname__.startswith("page.") and plain not in ways and route.path not in TABLES | PERSONAL


def is_at(route: Route, path: str) -> bool:
    """Whether a path leads to a route."""
    return route.matches({"type": "http", "method": "GET", "path": path})[0] is Match.FULL


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_against_wcag_2_2(name: str, opened: Open) -> None:
    page = opened(name)
    found = {}
    for width in (390, 1440):
        for scheme in SCHEMES:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            found[width, scheme] = violations(page)
    assert {view: rules for view, rules in found.items() if rules} == {}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_sticks_out_or_moves_at_any_width(name: str, opened: Open) -> None:
    page = opened(name)
    assert shift(page) < 0.01
    wide = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide[width] = overflow(page)
    assert {width: pixels for width, pixels in wide.items() if pixels} == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_keyboard_alone_reaches_everything_and_shows_where_it_is(name: str, opened: Open) -> None:
    reached, unseen, expected = tabbed(opened(name))
    assert unseen == []
    assert len(reached) == expected


@pytest.mark.parametrize("name", NAMES)
def test_without_javascript_the_same_is_said(name: str, opened: Open) -> None:
    plain = opened(name, java_script_enabled=False)
    assert plain.locator(SAID).all_text_contents() == opened(name).locator(SAID).all_text_contents()
    assert plain.title() == opened(name).title() != ""


@pytest.mark.parametrize("name", NAMES)
def test_what_strangers_wrote_is_text(name: str, opened: Open) -> None:
    page = opened(name)
    assert page.locator("main script:not([type='application/json'])").count() == 0
    assert page.locator("main img[onerror], main [onclick], main i > i").count() == 0
    text = page.locator("body").inner_text()
    assert not any(letter in text for letter in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
