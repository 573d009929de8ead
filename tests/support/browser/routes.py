"""Every kind of page of a site, by name: what is pictured, and what must hold on all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from playwright.sync_api import Browser, Page
from starlette.routing import Match, Route

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
    "teams": "/teams",
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
SAMPLES = (
    *(address.partition("?")[0] for address in FIXED.values()),
    "/tasks/task",
    "/systems/slug",
    "/cases/slug",
    "/submissions/ulid",
    "/submissions/ulid/actions",
    "/submissions/ulid/held",
    "/checks/key",
)
"""An address of each kind of page in the table; those of the found ones need no such record."""
NO_PAGES = {
    "/static/{file:path}": "files",
    "/insights/{name:stem}": "twins, whose ways to their place have names of their own",
    "/submissions/{ulid}/why": "only for its owner: tests/leaderboard/pages/test_owner_actions.py",
    "/submissions/{ulid}/live": "a part of the submission's page",
    "/checks/{key}/{name}": "files",
    "/mcp": "an end point",
    "/healthz": "plain text for probes",
    "/readyz": "plain text for probes",
    "/account": "only where one signs in: test_sign_in.py",
    "/account/who": "a part of every page's head",
    "/received/{ulid}": "only of what waits for the Hub: test_sign_in.py, tests/leaderboard/submit/test_outbox.py",
}
FILES = (".atom", ".ico", ".json", ".png", ".txt", ".xml")


def forgotten_pages(routes: Sequence[Route], paths: Iterable[str]) -> list[str]:
    """The routes that show a page of their own, but lead to none of the paths."""
    there = set(paths)
    return [route.path for route in routes if is_page(route, routes) and not any(is_at(route, path) for path in there)]


def is_page(route: Route, routes: Sequence[Route]) -> bool:
    """Whether a route shows a page of its own. Where two answer one address, a part of a page has its twins there."""
    plain = route.path.removesuffix("{ending:ending}")
    address = re.sub(r"{(\w+)(:\w+)?}", r"\1", plain)
    is_part = any(is_at(other, address) for other in routes if other is not route)
    return "GET" in (route.methods or ()) and not is_part and not plain.endswith(FILES) and plain not in NO_PAGES


def is_at(route: Route, path: str) -> bool:
    """Whether a path leads to a route."""
    return route.matches({"type": "http", "method": "GET", "path": path})[0] is Match.FULL


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
OWNED = {"held", "actions-own", "submissions-mine", "teams", *CHECKED}
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
