"""Slow clients of the real site: everybody else opens pages, sends forms and calls the API."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from leaderboard.submit.check_sessions import MAX_SESSIONS
from leaderboard.submit.upload_slots import MAX_UPLOADS_PER_ADDRESS
from tests.support.arena_fixture import fill
from tests.support.live_server import served
from tests.support.web_submissions import FIELDS, GOOD

pytestmark = pytest.mark.integration

UPLOAD = (
    "POST {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.{n}\r\nContent-Length: 500000000\r\n"
    "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    '--x\r\nContent-Disposition: form-data; name="files"; filename="a.jsonl"\r\n\r\nx'
)
HALF = "GET / HTTP/1.1\r\nHost: x\r\nX-a: "


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("slow") / "arena"
    fill(folder)
    with served(folder) as base:
        yield base


def connect(address: str, sent: str) -> socket.socket:
    parts = urlsplit(address)
    client = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30)
    client.sendall(sent.encode())
    return client


def ask_everything(address: str) -> list[int]:
    form = {**FIELDS, "action": "check"}
    return [
        *(httpx.get(f"{address}{path}", timeout=30).status_code for path in ("/submit", "/board/dataset_research")),
        *(
            httpx.post(f"{address}{path}", data=form, files=[("files", GOOD)], timeout=60).status_code
            for path in ("/submit", "/api/submit")
        ),
    ]


@pytest.mark.parametrize("path", ["/submit", "/api/submit"])
def test_slow_uploads_close_the_form_for_nobody(address: str, path: str) -> None:
    count = MAX_SESSIONS + 4
    assert count < MAX_UPLOADS_PER_ADDRESS
    with ExitStack() as stack:
        for n in range(count):
            stack.enter_context(connect(address, UPLOAD.format(path=path, n=n)))
        assert ask_everything(address) == [200] * 4


def test_half_sent_requests_close_the_site_for_nobody(address: str) -> None:
    with ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(connect(address, HALF))
        assert ask_everything(address) == [200] * 4
