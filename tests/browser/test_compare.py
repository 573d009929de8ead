"""Choosing and comparing systems in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from leaderboard.data.systems import slug_of
from tests.support.arena_fixture import SYSTEMS
from tests.support.browser.visits import Open

pytestmark = pytest.mark.slow
SLUGS = [slug_of(team, system) for system, team, *_ in SYSTEMS]
FIVE = "/compare?" + "&".join(f"system={slug}" for slug in SLUGS[2:])


def test_two_systems_are_ticked_on_the_board_and_compared_without_scripts(visit: Open) -> None:
    page = visit("/board/dataset_research?method=few_shot_3", java_script_enabled=False)
    boxes = page.locator("#compare input[name=system]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.locator("#compare").get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare systems")
    assert "method=few_shot_3" in page.url
    expect(page.locator(".strips li")).to_have_count(12)
    expect(page.locator(".verdicts li")).to_have_count(1)
    expect(page.locator(".chart")).not_to_be_visible()


@pytest.mark.parametrize("width", [360, 1440, 2560])
def test_every_mark_lies_in_its_strip(visit: Open, width: int) -> None:
    page = visit(FIVE, viewport={"width": width, "height": 900})
    strip = page.locator(".strips svg.strip").nth(1)
    frame = strip.bounding_box()
    marks = [mark.bounding_box() for mark in strip.locator(".mark").all()]
    assert frame and len(marks) == 5
    for mark in marks:
        assert mark and frame["x"] <= mark["x"] and mark["x"] + mark["width"] <= frame["x"] + frame["width"]


def test_the_radars_are_drawn_and_a_system_leads_to_its_comparison(visit: Open) -> None:
    page = visit(f"/systems/{SLUGS[0]}")
    page.locator(".chart").scroll_into_view_if_needed()
    expect(page.locator(".chart svg .scatterlayer .trace")).to_have_count(1)
    page.get_by_role("link", name="Compare with others").click()
    expect(page.locator("input[name=system]:checked")).to_have_count(1)
    page.locator(f'input[value="{SLUGS[1]}"]').check()
    page.get_by_role("button", name="Compare").click()
    page.locator(".chart").scroll_into_view_if_needed()
    expect(page.locator(".chart svg .scatterlayer .trace")).to_have_count(2)
