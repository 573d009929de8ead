"""Every kind of page of a site, by name: what is pictured, and what must hold on all of them."""

from __future__ import annotations

from urllib.parse import urlencode

from playwright.sync_api import Browser

BOARD = "/board/dataset_research"
FIXED = {
    "home": "/",
    "board": BOARD,
    "board-published": f"{BOARD}?protocol=paper%401",
    "board-empty": f"{BOARD}?protocol=paper%401&subset=pro&method=few_shot_1",
    "board-filtered": f"{BOARD}?system_type=search&kind=reasoning&asof=2100-01-01",
    "tasks": "/tasks",
    "tasks-none": "/tasks?language=none",
    "insights": "/insights",
    "insights-published": "/insights?protocol=paper%401",
    "cases": "/cases",
    "case-paper": "/cases/paper-legal-reasoning",
    "case-found": "/cases/gap-mc-en-science",
    "submissions": "/submissions",
    "submit": "/submit",
    "about": "/about",
    "docs": "/docs",
    "docs-api": "/docs/api",
    "docs-scoring": "/docs/scoring",
    "missing": "/tasks/no-such-task",
    "compare-none": "/compare",
}
"""Pages whose address is known without asking."""
LISTED = {
    "task": ("/tasks", "tbody th > a", 5),
    "submission": ("/submissions", "tbody th > a", 12),
    "system": ("/submissions", "tbody th .runs a", 2),
}
"""Pages that a listing links to: where, by which links, and how many of them are looked at."""
COMPARED = (2, 5)
NAMES = (
    *FIXED,
    *(f"{name}-{number}" for name, (_, _, most) in LISTED.items() for number in range(most)),
    *(f"compare-{count}" for count in COMPARED),
    "actions",
)


def pages(base: str, browser: Browser) -> dict[str, str]:
    """The addresses of a running site's pages; a name whose page it does not have is left out."""
    page = browser.new_page()
    found = dict(FIXED)
    for name, (listing, links, most) in LISTED.items():
        page.goto(base + listing)
        hrefs = [link.get_attribute("href") or "/" for link in page.locator(links).all()[:most]]
        found |= {f"{name}-{number}": href for number, href in enumerate(hrefs)}
    if "submission-0" in found:
        found["actions"] = f"{found['submission-0']}/actions"
    page.goto(f"{base}/compare")
    boxes = page.locator("input[name=system]").all()
    slugs = [("system", box.get_attribute("value") or "") for box in boxes]
    if slugs:
        found |= {f"compare-{count}": f"/compare?{urlencode(slugs[:count])}" for count in COMPARED}
    page.close()
    return found
