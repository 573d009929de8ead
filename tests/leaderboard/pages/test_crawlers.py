"""What search engines and sites that show links are told."""

from __future__ import annotations

import re
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from leaderboard.pages import crawlers
from leaderboard.pages.cases.library import builtin_cases
from submissions.arena.arena import Arena
from tests.support.arena_fixture import SYSTEMS, TASKS
from tests.support.site_client import Open

SPACE = {"host": "arena.example", "x-forwarded-proto": "https"}


def addresses(site: TestClient) -> list[str]:
    root = ElementTree.fromstring(site.get("/sitemap.xml", headers=SPACE).content)
    return [str(one.text) for one in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]


@pytest.mark.integration
def test_the_sitemap_names_every_page_once_by_the_visitor_s_address(arena: Arena, site: TestClient) -> None:
    found = addresses(site)
    assert len(found) == len(set(found))
    assert all(address.startswith("https://arena.example/") for address in found)
    assert len([one for one in found if "/tasks/" in one]) == len(TASKS)
    assert len([one for one in found if "/systems/" in one]) == len(arena.submission_ids())
    assert len([one for one in found if "/submissions/" in one]) == len(SYSTEMS)
    assert {one.rpartition("/")[2] for one in found if "/cases/" in one} == set(builtin_cases())
    (head,) = re.findall(r'<nav aria-label="Pages">(.*?)</nav>', site.get("/").text, re.DOTALL)
    assert set(re.findall('href="([^"]+)"', head)) <= {one.removeprefix("https://arena.example") for one in found}
    for address in found:
        page = site.get(address.removeprefix("https://arena.example"), headers=SPACE)
        assert page.status_code == 200, address
        assert f'<link rel="canonical" href="{address}">' in page.text


def test_the_sitemap_never_grows_too_long(site: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawlers, "MAX_URLS", 9)
    assert [one.removeprefix("https://arena.example") for one in addresses(site)][:1] == ["/"]
    assert len(addresses(site)) == 9


def test_robots_keep_to_pages_and_find_the_sitemap(site: TestClient) -> None:
    rules = RobotFileParser()
    text = site.get("/robots.txt", headers=SPACE).text
    rules.parse(text.splitlines())
    assert rules.site_maps() == ["https://arena.example/sitemap.xml"]
    assert rules.can_fetch("any", "/board/dataset_research")
    assert rules.can_fetch("any", "/static/arena.css?v=1")
    assert not rules.can_fetch("any", "/gradio_api/info")


def test_each_page_describes_itself(site: TestClient) -> None:
    said = {}
    for path in (*crawlers.PAGES, "/docs/faq", "/docs/api", "/tasks/mc-en-science", "/board/dataset_research"):
        page = site.get(path).text
        (description,) = re.findall(r'<meta name="description" content="([^"]+)">', page)
        assert f'<meta property="og:description" content="{description}">' in page
        assert 30 < len(description) < 300, path
        said[path] = description
    assert len(set(said.values())) == len(said)


def test_a_stranger_s_words_end_no_tag(arena: Arena, site: TestClient) -> None:
    for ulid in arena.submission_ids()[:4]:
        head = site.get(f"/submissions/{ulid}").text.partition("</head>")[0]
        assert head.count("<script") == head.count("</script>") == head.count('<script src="/static/')
        assert "<img" not in head


def test_an_error_is_not_to_be_found(visit: Open) -> None:
    page = visit("empty").get("/tasks/none").text
    assert '<meta name="robots" content="noindex">' in page
    assert "/og/index.png" in page
