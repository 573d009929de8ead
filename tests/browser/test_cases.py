"""The front page and the cases in a real browser, from a phone's width up, and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from submissions.arena.arena import Arena, commit_with_retry
from submissions.storage.repo import Change
from tests.support.browser.visits import Open

pytestmark = pytest.mark.slow
FOUND = "/cases/gap-mc-en-science"


def test_the_pages_names_stand_on_one_line_and_are_all_seen(visit: Open) -> None:
    page = visit(FOUND)
    for width in (360, 390, 1440, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        tops = page.locator("header.site nav a").evaluate_all("all => all.map(a => a.getBoundingClientRect().top)")
        assert len(set(tops)) == 1, width
        last = page.locator("header.site nav a").last.bounding_box()
        assert last
        assert last["x"] + last["width"] <= width, "all of them are seen"


def test_the_present_page_s_name_and_the_focused_one_are_in_sight_however_narrow(
    visit: Open,
) -> None:
    page = visit("/docs", viewport={"width": 240, "height": 600})
    names = page.locator("header.site nav")
    assert names.evaluate("nav => nav.scrollWidth > nav.clientWidth")
    expect(names.get_by_role("link", name="Docs")).to_be_in_viewport(ratio=1)
    for name in ("Board", "Submit"):
        names.get_by_role("link", name=name).focus()
        expect(names.get_by_role("link", name=name)).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 240


def test_from_the_front_page_to_a_case_without_scripts(visit: Open) -> None:
    page = visit("/", java_script_enabled=False, viewport={"width": 390, "height": 900})
    expect(page.locator(".home-leaders tbody tr")).to_have_count(5)
    expect(page.locator(".home-last li")).to_have_count(5)
    page.locator("header.site").get_by_role("link", name="Cases").click()
    page.locator("#found .case-card h3 a").first.click()
    expect(page.get_by_role("heading", level=2)).to_have_text(["Demand", "Scores", "Submitted data", "Findings"])


def test_rows_run_in_their_own_direction(arena_of_base: Arena, visit: Open) -> None:
    arena = arena_of_base
    text = (
        "---\ntitle: T\nsummary: S\ndate: 2026-04-01\ndemand: D\nsource: {name: N, url: https://e.org, where: W}\n"
        "delivered:\n  - {system: A, what: B, language: ar, samples: [{input: In, output: نعم هذا صحيح}]}\n---\nWhy.\n"
    )
    commit_with_retry(arena.results, [Change("cases/rtl.md", text.encode())])
    page = visit("/cases/rtl", viewport={"width": 390, "height": 900})
    said = page.locator('dd[lang="ar"]')
    assert said.evaluate("dd => getComputedStyle(dd).direction") == "rtl"
    assert page.locator("dd", has_text="In").first.evaluate("dd => getComputedStyle(dd).direction") == "ltr"
    commit_with_retry(arena.results, [Change("cases/rtl.md", None)])
