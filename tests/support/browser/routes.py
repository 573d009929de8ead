"""Every kind of page of a site, by name: what is pictured, and what must hold on all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from playwright.sync_api import Browser, Page

from leaderboard.web.auth.visitor import COOKIE, new_visitor_key

KEY, OWNER = new_visitor_key()
"""Of the browser that sent in the submission whose result is held."""
BOARD = "/board/dataset_research"
LONG = quote("x" * 10_000)
FIXED = {
    "home": "/",
    "board": BOARD,
    "board-published": f"{BOARD}?protocol=paper%401",
    "board-empty": f"{BOARD}?protocol=paper%401&subset=pro&method=few_shot_1",
    "board-filtered": f"{BOARD}?system_type=search&kind=reasoning&asof=2100-01-01",
    "board-sought": f"{BOARD}?q=%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AE{LONG}",
    "tasks": "/tasks",
    "tasks-none": "/tasks?language=none",
    "insights": "/insights",
    "insights-published": "/insights?protocol=paper%401",
    "cases": "/cases",
    "case-paper": "/cases/paper-legal-reasoning",
    "submissions": "/submissions",
    "submissions-none": "/submissions?q=%3Cb%3E%E2%80%AE%F0%9F%AA%84",
    "submissions-mine": "/submissions?mine=1",
    "submit": "/submit",
    "about": "/about",
    "docs": "/docs",
    "docs-api": "/docs/api",
    "docs-scoring": "/docs/scoring",
    "missing": "/tasks/no-such-task",
    "compare-none": "/compare",
}
"""Pages that every arena has; some of them look for what none has."""
LISTED = {
    "task": ("/tasks", "tbody th > a", 3),
    "system": ("/submissions", "tbody th .runs a", 2),
    "case-found": ("/cases", "#found .case-card h3 a", 1),
}
"""Pages that a listing links to: where, by which links, and how many of them are looked at."""
STATES = ("received", "evaluating", "evaluated", "failed", "refused", "published")
"""A submission's page is looked at in each of the states in which it looks different."""
COMPARED = (2, 5)
CHECKED = {
    "check-passed": '{"input": "q <b>", "output": "a \\u202e"}\n' * 12,
    "check-refused": '{"input": "<script>alert(1)</script>"}\n[\n{"Input": "q", "output": ""}\n',
}
"""Deliveries for the first task, and the pages of their checks."""
NAMES = (
    *FIXED,
    *(f"{name}-{number}" for name, (_, _, most) in LISTED.items() for number in range(most)),
    *(f"submission-{state}" for state in STATES),
    *(f"compare-{count}" for count in COMPARED),
    *CHECKED,
    "held",
    "actions",
    "actions-own",
)
MISSES = {"missing": 404}
"""The status of those pages that are not answered with 200."""
OWNED = {"held", "actions-own", "submissions-mine", *CHECKED}
"""Pages that are looked at as the owner."""


def owner_s(base: str) -> dict[str, Any]:
    """What a browser holds that has the owner's key."""
    of = {"domain": urlsplit(base).hostname, "path": "/", "expires": -1, "sameSite": "Lax"}
    return {"cookies": [{"name": COOKIE, "value": KEY, "httpOnly": True, "secure": False, **of}], "origins": []}


def let_in(name: str, base: str) -> dict[str, Any]:
    """With which options of a browser's context a page is opened."""
    return {"storage_state": owner_s(base)} if name in OWNED else {}


def pages(base: str, browser: Browser) -> dict[str, str]:
    """The addresses of a running site's pages; a name whose page it does not have is left out."""
    page = browser.new_page(base_url=base, storage_state=owner_s(base))
    found = FIXED | _listed(page) | _submissions(page) | _checked(page) | _compared(page)
    page.close()
    return found


def _listed(page: Page) -> dict[str, str]:
    found = {}
    for name, (listing, links, most) in LISTED.items():
        page.goto(listing)
        hrefs = [link.get_attribute("href") or "/" for link in page.locator(links).all()[:most]]
        found |= {f"{name}-{number}": href for number, href in enumerate(hrefs)}
    return found


def _submissions(page: Page) -> dict[str, str]:
    found = {}
    for state in STATES:
        page.goto(f"/submissions?state={state}")
        links = page.locator("tbody th > a")
        if links.count():
            found[f"submission-{state}"] = links.first.get_attribute("href") or "/"
    if published := found.get("submission-published"):
        found["actions"] = f"{published}/actions"
    if evaluated := found.get("submission-evaluated"):
        found |= {"held": f"{evaluated}/held", "actions-own": f"{evaluated}/actions"}
    return found


def _checked(page: Page) -> dict[str, str]:
    """The pages of checks that are over."""
    page.goto("/tasks")
    first = page.locator("tbody th > a")
    if not first.count():
        return {}
    task = (first.first.get_attribute("href") or "").rpartition("/")[2]
    return {name: _check(page, task, content) for name, content in CHECKED.items()}


def _check(page: Page, task: str, content: str) -> str:
    file: Any = {"name": f"{task}.jsonl", "mimeType": "application/jsonl", "buffer": content.encode()}
    form = {"track": "dataset_research", "action": "check", "files": file}
    answer = page.request.post("/submit", multipart=form, headers={"Accept": "application/json"})
    address: str = json.loads(answer.text())["address"]
    page.goto(address)
    page.locator("#report:not(.running)").wait_for()
    return address


def _compared(page: Page) -> Mapping[str, str]:
    page.goto("/compare")
    boxes = page.locator("input[name=system]").all()
    slugs = [("system", box.get_attribute("value") or "") for box in boxes]
    return {f"compare-{count}": f"/compare?{urlencode(slugs[:count])}" for count in COMPARED if len(slugs) >= count}
