"""The board in a real browser: with and without JavaScript, wide and narrow, light and dark."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from submissions.arena.arena import Arena
from tests.support.arena_fixture import FORMULA, SCRIPT
from tests.support.browser.visits import Open

pytestmark = pytest.mark.slow
BOARD = "/board/dataset_research"


def at(page: Page) -> str:
    parts = urlsplit(page.url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def systems(page: Page) -> list[str]:
    return page.locator("#view table").first.locator("tbody th > a, tbody th > span").all_text_contents()


def test_the_first_row_is_the_best_and_hostile_text_is_text(visit: Open) -> None:
    page = visit(BOARD)
    expect(page.locator("tbody th a").first).to_have_text(SCRIPT)
    assert FORMULA in systems(page)
    assert page.locator("main script:not([type='application/json'])").count() == 0


def test_the_radar_chart_is_drawn_with_as_many_lines_as_it_can_hold(visit: Open) -> None:
    page = visit(BOARD)
    page.locator(".chart").scroll_into_view_if_needed()
    expect(page.locator(".chart svg .scatterlayer .trace")).to_have_count(6)
    expect(page.locator(".chart .legendtext").first).to_have_text("GPT-4o-search")
    expect(page.locator(".chart .legendtext").nth(4)).to_have_text(SCRIPT)
    assert page.locator(".chart svg.main-svg").first.evaluate("svg => getComputedStyle(svg).position") == "absolute"


def test_a_switch_swaps_the_table_and_the_url_and_back_swaps_them_again(visit: Open) -> None:
    page = visit(BOARD)
    page.evaluate("document.body.dataset.kept = 'yes'")
    first = page.locator("td.col-score .number").first.text_content()
    page.get_by_role("link", name="1 shot", exact=True).click()
    expect(page).to_have_url(re.compile(r"method=few_shot_1$"))
    expect(page.locator("#method-few_shot_1")).to_have_attribute("aria-current", "true")
    assert page.locator("td.col-score .number").first.text_content() != first
    assert page.evaluate("document.body.dataset.kept") == "yes"
    page.go_back()
    expect(page.locator("#method-fine_tune")).to_have_attribute("aria-current", "true")
    assert at(page) == BOARD
    assert page.locator("td.col-score .number").first.text_content() == first
    page.locator(".chart").scroll_into_view_if_needed()
    expect(page.locator(".chart svg .scatterlayer .trace")).to_have_count(6)


def test_the_protocol_s_switch_swaps_the_metadata_too(visit: Open) -> None:
    page = visit(BOARD)
    page.locator("#protocol-paper\\@1").click()
    expect(page.locator("#metadata tbody tr")).to_have_count(4)
    page.locator(".chart").scroll_into_view_if_needed()
    expect(page.locator(".chart svg .scatterlayer .trace")).to_have_count(4)
    page.go_back()
    expect(page.locator("#metadata tbody tr")).to_have_count(8)


def test_a_view_survives_a_reload(visit: Open) -> None:
    page = visit(BOARD)
    page.locator("#protocol-paper\\@1").click()
    expect(page).to_have_url(re.compile("protocol=paper%401"))
    page.locator("#sort-knowledge").click()
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Knowledge")
    seen = systems(page)
    assert seen[0] == "GPT-4o-search"
    page.reload()
    assert systems(page) == seen


def test_the_keyboard_reaches_a_switch_and_keeps_its_place(visit: Open) -> None:
    page = visit(BOARD)
    page.locator("#subset-pro").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("subset=pro"))
    expect(page.locator("#subset-pro")).to_have_attribute("aria-current", "true")
    expect(page.locator("#subset-pro")).to_be_focused()


def test_without_javascript_all_of_it_is_there(visit: Open) -> None:
    page = visit(BOARD, java_script_enabled=False)
    expect(page.locator("tbody th a").first).to_have_text(SCRIPT)
    page.get_by_role("link", name="3 shots", exact=True).click()
    assert at(page) == f"{BOARD}?method=few_shot_3"
    expect(page.locator("#metadata tbody tr")).to_have_count(8)
    expect(page.locator(".chart")).not_to_be_visible()


def test_filters_work_without_a_button_and_without_javascript(visit: Open) -> None:
    page = visit("/tasks")
    page.select_option("#filter-kind", "knowledge")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert "kind=knowledge" in page.url
    plain = visit("/tasks", java_script_enabled=False)
    plain.select_option("#filter-kind", "knowledge")
    plain.get_by_role("button", name="Filter").click()
    expect(plain.locator("tbody tr")).to_have_count(2)


def test_a_board_is_searched_filtered_and_pinned(visit: Open) -> None:
    page = visit(BOARD)
    page.locator("#filter-q").fill("a")
    page.locator("#filter-q").press("Enter")
    expect(page).to_have_url(re.compile(r"[?&]q=a(&|$)"))
    page.get_by_text("Filters", exact=True).click()
    page.locator("#filter-system_type").select_option("search")
    expect(page).to_have_url(re.compile("system_type=search"))
    expect(page.locator("#filter-q")).to_have_value("a")
    seen = systems(page)
    assert seen == ["Scholar Search 2", FORMULA]
    page.reload()
    assert systems(page) == seen
    page.get_by_role("link", name="pin", exact=True).last.click()
    expect(page.locator("tbody.pinned th > a")).to_have_text([FORMULA])
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Knowledge").uncheck()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#sort-knowledge")).to_have_count(0)
    expect(page.locator("tbody.pinned th > a")).to_have_text([FORMULA])
    page.locator(".chart").scroll_into_view_if_needed()
    expect(page.locator(".chart svg .scatterlayer .trace")).to_have_count(6)


def test_a_board_s_forms_work_without_javascript(visit: Open) -> None:
    page = visit(f"{BOARD}?sort=team", java_script_enabled=False)
    page.get_by_text("Filters", exact=True).click()
    page.locator("#filter-kind").select_option("reasoning")
    page.locator("#filter-q").fill("a")
    page.get_by_role("button", name="Filter").click()
    assert {"sort=team", "kind=reasoning", "q=a"} <= set(urlsplit(page.url).query.split("&"))
    page.get_by_text("Results up to", exact=True).click()
    page.locator("input[type=date]").fill("2026-03-03")
    page.get_by_role("button", name="Apply").click()
    assert set(systems(page)) == {SCRIPT, "Scholar Search 2", FORMULA}
    page.locator("#asof-back").click()
    assert len(systems(page)) > 3
    assert "asof" not in page.url


@pytest.mark.parametrize("width", [1168, 1280, 1408, 1440])
@pytest.mark.parametrize("query", ["", "?protocol=paper%401"])
def test_a_board_fits_a_laptop_whole(visit: Open, width: int, query: str) -> None:
    page = visit(BOARD + query, viewport={"width": width, "height": 900})
    table = page.locator("#view .board").first
    assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")


def test_a_phone_shows_a_submission_with_its_findings(visit: Open, arena_of_base: Arena) -> None:
    page = visit(f"/submissions/{arena_of_base.submission_ids()[0]}", viewport={"width": 360, "height": 740})
    expect(page.locator("#metrics table")).not_to_be_visible()
    page.locator("#metrics summary").click()
    expect(page.locator("#metrics table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_head_stays_in_sight(visit: Open) -> None:
    page = visit(BOARD, viewport={"width": 1440, "height": 400})
    page.locator("#view tbody tr").nth(4).scroll_into_view_if_needed()
    page.mouse.wheel(0, 150)
    expect(page.locator("#view thead th").first).to_be_in_viewport()


def test_dark_is_dark_in_page_and_chart(visit: Open) -> None:
    page = visit(BOARD, color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 28)"
    page.locator(".chart").scroll_into_view_if_needed()
    text = page.locator(".chart .legendtext").first
    expect(text).to_have_css("fill", "rgb(227, 232, 238)")
    page.emulate_media(color_scheme="light")
    expect(text).to_have_css("fill", "rgb(28, 33, 40)")


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_a_download_holds_the_figures_on_the_page(visit: Open, tmp_path: Path, ending: str) -> None:
    page = visit(f"{BOARD}?method=few_shot_5")
    shown = [text.replace("−", "-") for text in page.locator("td.col-score > .number").all_text_contents()]
    with page.expect_download() as download:
        page.locator("#view .downloads a", has_text=re.compile(ending, re.IGNORECASE)).click()
    file = tmp_path / f"board.{ending}"
    download.value.save_as(file)
    table: pd.DataFrame = getattr(pd, f"read_{ending}")(file)
    values = [value for row in table[["overall", "knowledge", "reasoning"]].to_numpy(float) for value in row]
    assert [f"{value:.3f}" for value in values if value == value] == shown


def test_a_missing_page_leads_on(visit: Open) -> None:
    page = visit("/tasks/none", expects=404)
    page.get_by_role("main").get_by_role("link", name="Tasks").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
