"""What strangers write, in addresses, forms and records, is text wherever it comes out again."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from submissions.arena.arena import Arena
from tests.support.arena_fixture import SYSTEMS

pytestmark = pytest.mark.integration

BOARD = "/board/dataset_research"
SAID = {
    "markup": "<script>alert('q')</script><img src=x onerror=alert(1)>",
    "attribute": '" autofocus onfocus="alert(1)',
    "formula": "=cmd|' /C calc'!A0",
    "override": "abc\u202egpj.exe\u2066",
    "emoji": "🧙‍♀️🪄",
    "long": "x" * 10_000,
    "template": "{{ 7 * 191 }}{% raw %}",
    "bytes": "\x00\x1b[31m\r\nSet-Cookie: a=b",
}
ASKED = (
    "/?{}", "/submit?{}", "/insights?protocol={}", "/insights/{}", "/cases?protocol={}", "/cases/{}", "/docs/{}",
    *(f"{BOARD}?{name}={{}}" for name in ("q", "sort", "protocol", "asof", "pin", "columns", "rows", "category")),
    "/board/{}", "/board/{}/feed.atom", "/tasks?q={}", "/tasks?kind={}", "/tasks/{}", "/compare?find={}",
    "/compare?system={}", "/submissions?q={}", "/submissions?state={}", "/checks/{}", "/systems/{}",
    *(f"/submissions/{{}}{part}" for part in ("", "/live", "/held", "/actions", "/feed.atom")),
    "/og/{}.png", "/og/board/{}.png", "/static/{}",
)  # fmt: skip
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("kind", SAID)
def test_what_is_asked_is_text_in_what_is_answered(site: TestClient, kind: str) -> None:
    for address in ASKED:
        answer = site.get(address.format(quote(SAID[kind], safe="")), follow_redirects=False)
        assert answer.status_code in (200, 307, 404, 422), address
        assert "a=b" not in answer.headers.get("set-cookie", ""), address
        if not answer.headers.get("content-type", "").startswith("image/"):
            assert_harmless(answer.text, address)
            assert "1337" not in answer.text, address


def assert_harmless(page: str, address: str) -> None:
    assert "<script>alert" not in page, address
    assert "<img src=x" not in page, address
    assert '" onfocus' not in page and '" autofocus' not in page, address
    assert not TURNING.search(page), address


def test_what_is_stored_is_text_on_every_page_and_in_every_feed(site: TestClient, arena: Arena) -> None:
    ulids = arena.submission_ids()
    parts = ("", "/live", "/actions", "/feed.atom")
    addresses = [f"/submissions/{ulid}{part}" for ulid in ulids for part in parts]
    lists = ("/", BOARD, f"{BOARD}/feed.atom", "/tasks", "/cases", "/insights", "/submissions", "/compare")
    for address in (*lists, *addresses):
        answer = site.get(address)
        assert answer.status_code == 200, address
        assert_harmless(answer.text, address)


def test_a_spreadsheet_computes_nothing_from_any_twin(site: TestClient) -> None:
    cells = [name for system in SYSTEMS for name in system[:2] if name[0] in "=+-@"]
    assert len(cells) == 2
    for address in (BOARD, "/submissions", "/leaders", "/compare", "/tasks/mc-en-science"):
        text = site.get(f"{address}.csv").text
        assert not re.search(r'(^|[,"])[=+@][A-Za-z]', text, re.MULTILINE), address
