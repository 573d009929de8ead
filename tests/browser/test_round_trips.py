"""A view is its address: a filter is in the URL, survives a reload, and the back button undoes it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from leaderboard.data.systems import slug_of
from tests.support.arena_fixture import SYSTEMS
from tests.support.browser.routes import BOARD
from tests.support.browser.visits import Open

pytestmark = pytest.mark.slow
FILTERED = (BOARD, "/tasks", "/submissions")
SLUGS = [slug_of(team, system) for system, team, *_ in SYSTEMS]
COMPARED = f"/compare?system={SLUGS[0]}&system={SLUGS[1]}"
SWITCHED = (BOARD, "/insights", "/submissions", COMPARED, f"/systems/{SLUGS[1]}")
FORM = "form.filters"


def rows(page: Page) -> list[str]:
    """What the first table says, row by row, or what stands there in place of it."""
    lines = page.locator("main table").first.locator("tbody tr")
    return lines.all_inner_texts() or page.locator("main .empty").all_inner_texts()


def choices(page: Page) -> list[tuple[str, str]]:
    """The filters of a page: the id of each, and a value it may have that is not the present one."""
    selects = page.locator(f"{FORM} select").all()
    return [
        (select.get_attribute("id") or "", select.locator("option:not([selected])").last.get_attribute("value") or "")
        for select in selects
        if select.locator("option").count() > 1
    ]


@pytest.mark.parametrize("path", FILTERED)
def test_every_filter_is_in_the_url_survives_a_reload_and_is_undone_by_back(path: str, visit: Open) -> None:
    page = visit(path)
    before = rows(page)
    found = choices(page)
    assert found
    for name, value in found:
        select = page.locator(f"#{name}")
        for fold in page.locator(f"{FORM} details:not([open]) > summary").all():
            fold.click()
        select.select_option(value)
        expect(page).to_have_url(re.compile(r"[?&]" + name.removeprefix("filter-") + "="))
        expect(page.locator(f"#{name}")).to_have_value(value)
        seen, address = rows(page), page.url
        page.reload()
        assert rows(page) == seen
        expect(page.locator(f"#{name}")).to_have_value(value)
        assert rows(visit(address.removeprefix(page.url[: page.url.index(path)]))) == seen
        page.go_back()
        expect(page.locator(f"#{name}")).not_to_have_value(value)
        assert rows(page) == before


@pytest.mark.parametrize("path", SWITCHED)
def test_every_switch_is_in_the_url_survives_a_reload_and_is_undone_by_back(path: str, visit: Open) -> None:
    page = visit(path)
    before, switches = figures(page), page.locator(".switches a:not([aria-current])")
    found = switches.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert found
    for href in found:
        link = page.locator(f'.switches a[href="{href}"]')
        text = link.inner_text()
        link.click()
        expect(page).to_have_url(re.compile(re.escape(href) + "$"))
        expect(page.locator(".switches a[aria-current]", has_text=text)).to_have_count(1)
        seen = figures(page)
        page.reload()
        assert figures(page) == seen
        page.go_back()
        expect(link).to_have_count(1)
        assert figures(page) == before


def figures(page: Page) -> list[str]:
    """What a page's headings and tables say."""
    return page.locator("main h2, main table").all_inner_texts()


def test_a_system_sought_for_comparison_is_in_the_url(visit: Open) -> None:
    page = visit(COMPARED)
    page.locator("input[name=find]").fill("Wizard 🧙")
    page.get_by_role("button", name="Find").click()
    expect(page).to_have_url(re.compile("find=Wizard"))
    offered = page.locator(".boxes").inner_text()
    assert "Zauberei" in offered
    page.reload()
    assert page.locator(".boxes").inner_text() == offered
    expect(page.locator("input[name=find]")).to_have_value("Wizard 🧙")
    page.go_back()
    assert page.locator(".boxes").inner_text() != offered


@pytest.mark.parametrize("path", FILTERED)
def test_every_column_sorts_as_its_head_says(path: str, visit: Open) -> None:
    page = visit(path, viewport={"width": 1600, "height": 900})
    heads = page.locator("main table").first.locator("thead th:has(a)")
    for number in range(heads.count()):
        heads.nth(number).locator("a").click()
        expect(heads.nth(number)).to_have_attribute("aria-sort", re.compile("^(a|de)scending$"))
        said, column = heads.nth(number).get_attribute("aria-sort"), page.evaluate(CELLS, number)
        assert column == sorted(column, reverse=said == "descending")
        assert page.locator("main thead th[aria-sort]").count() == 1


CELLS = """
number => {
  const rows = [...document.querySelectorAll("main table")][0].querySelectorAll("tbody:not(.pinned) > tr:not(.anchor)");
  const cells = [...rows].map(row => row.cells[number]).filter(cell => !cell.querySelector(".why, .unscored"));
  const texts = cells.map(cell => cell.querySelector(".number, .places, a") ?? cell);
  const said = texts.map(one => one.textContent.trim().replace("\\u2212", "-")).filter(one => one && one !== "\\u2013");
  const numbers = said.map(one => parseFloat(one));
  return numbers.some(isNaN) ? said.map(one => one.toLowerCase()) : numbers;
}
"""
