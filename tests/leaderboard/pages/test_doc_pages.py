"""The documents as pages: whole, harmless, and linked among themselves."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leaderboard.app import make_app
from leaderboard.settings import read_settings
from leaderboard.templates import markdown_docs as docs
from leaderboard.templates.markdown_docs import NAMES, heading_anchor
from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return TestClient(make_app(read_settings({"ARENA": str(tmp_path_factory.mktemp("docs"))})), follow_redirects=False)


@pytest.fixture(autouse=True)
def forgetful() -> None:
    docs.load_doc.cache_clear()


def test_all_documents_are_listed_with_their_first_words(site: TestClient) -> None:
    page = unescape(site.get("/docs").text)
    for name in NAMES:
        assert f'href="/docs/{name}"' in page
        title = (ROOT / f"docs/{name}.md").read_text().partition("\n")[0].removeprefix("# ")
        assert title in page


@pytest.mark.parametrize("name", [*NAMES, ""])
def test_every_link_leads_somewhere(site: TestClient, name: str) -> None:
    page = site.get(f"/docs/{name}").text if name else site.get("/docs").text
    main = page.partition("<main")[2].partition("</main>")[0]
    for target in re.findall(r'href="([^"]+)"', main):
        path, _, part = target.partition("#")
        answer = site.get(path or f"/docs/{name}")
        assert answer.status_code == 200, target
        assert not part or f'id="{part}"' in answer.text, target


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_document_is_lost(site: TestClient, name: str) -> None:
    text = (ROOT / f"docs/{name}.md").read_text()
    page = site.get(f"/docs/{name}").text
    assert page.count("<h1>") == 1
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for heading in re.findall(r"^##+ (.+)$", prose, re.MULTILINE):
        assert f'id="{heading_anchor(heading)}"' in page
    assert page.count("<pre>") == len(re.findall("^```", text, re.MULTILINE)) / 2
    assert page.count("<table>") == len(re.findall(r"^\|[-:| ]+\|$", text, re.MULTILINE))
    boxes = re.findall(r'<div class="scroll" tabindex="0" role="region" aria-label="([^"]+)"', page)
    assert len(boxes) == len(set(boxes)) == page.count("<pre>") + page.count("<table>")


def test_html_in_a_document_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = (
        "# A <b>title</b>\n\nHello <script>alert(1)</script> [a](javascript:alert(1)) ![b](evil.png)\n\n"
        '## "><i>\n\n| <u> |\n|---|\n| <img src=x onerror=y> |\n\n[code](../app.py)\n'
    )
    for name in NAMES:
        (tmp_path / f"{name}.md").touch()
    (tmp_path / "faq.md").write_text(hostile)
    monkeypatch.setattr(docs, "FOLDER", tmp_path)
    doc = docs.load_doc("faq")
    assert doc.title == "A <b>title</b>"
    found = set(re.findall(r"<(\w+)", doc.body))
    assert found <= {"p", "h2", "div", "table", "thead", "tbody", "tr", "th", "td", "a"}
    assert "href" not in doc.body


def test_examples_name_the_address_that_the_visitor_came_by(site: TestClient) -> None:
    headers = {"host": 'arena.example:81"<', "x-forwarded-proto": "https"}
    page = site.get("/docs/visitor", headers=headers).text
    assert "https://arena.example:81&#34;&lt;" in page
    assert docs.EXAMPLE not in page
    assert docs.EXAMPLE not in site.get("/docs/visitor").text


def test_a_document_that_is_not_there(site: TestClient) -> None:
    answer = site.get("/docs/contributor")
    assert answer.status_code == 404
    assert "there are: visitor" in answer.text


def test_the_image_of_the_web_app_holds_the_documents() -> None:
    web = (ROOT / "Dockerfile").read_text().partition("AS evaluator")[0]
    assert re.search(r"^COPY docs docs$", web, re.MULTILINE)
