"""The table of pages that a browser looks at (tests/support/browser/routes.py) leaves no page of the site out."""

from __future__ import annotations

from starlette.routing import Route

from leaderboard.app import SITE_ROUTES
from tests.support.browser.routes import FIXED, NO_PAGES, SAMPLES, forgotten_pages


def test_no_page_is_missing_from_the_table() -> None:
    assert forgotten_pages(SITE_ROUTES, SAMPLES) == []
    assert set(NO_PAGES) <= {route.path.removesuffix("{ending:ending}") for route in SITE_ROUTES}


def test_a_page_without_a_line_in_the_table_is_named() -> None:
    without = [path for path in SAMPLES if path != FIXED["teams"]]
    assert forgotten_pages(SITE_ROUTES, without) == ["/teams"]
    added = Route("/brand-new/{name}", lambda request: request)
    assert forgotten_pages([*SITE_ROUTES, added], SAMPLES) == ["/brand-new/{name}"]
