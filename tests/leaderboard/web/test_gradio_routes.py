"""Gradio's own routes: those that the documented clients need answer, all others are closed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import gradio
import httpx
import pytest
from starlette.routing import Match

from leaderboard.app import SITE_ROUTES, make_app
from leaderboard.settings import read_settings
from leaderboard.web.gradio_routes import OPEN_ROUTES, ClosedGradioRoutes, is_open
from tests.support.arena_fixture import fill
from tests.support.live_server import free_port, running

pytestmark = pytest.mark.integration

CLOSED = b"No page at"


@pytest.fixture(scope="module")
def running_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[gradio.Server, str]]:
    folder = tmp_path_factory.mktemp("routes")
    fill(folder / "arena")
    settings = read_settings({"ARENA": str(folder / "arena"), "PORT": str(free_port())})
    app = make_app(settings)
    with running(app, settings) as address:
        yield app, address


def gradio_routes(app: gradio.Server) -> list[tuple[str, str]]:
    """Every path and method that Gradio added, with parameters filled in."""
    gate = next(number for number, route in enumerate(app.router.routes) if isinstance(route, ClosedGradioRoutes))
    found = []
    for route in app.router.routes[gate + 1 :]:
        path = re.sub(r"{[^}]*}", "x", getattr(route, "path", ""))
        found += [(path, method) for method in getattr(route, "methods", None) or {"GET", "POST"}]
    return found


def is_ours(path: str) -> bool:
    """Whether one of the site's own routes answers at a path, before Gradio is asked."""
    scope = {"type": "http", "path": path, "method": "GET", "headers": []}
    return any(route.matches(scope)[0] is not Match.NONE for route in SITE_ROUTES)


def test_only_listed_routes_of_gradio_answer(running_app: tuple[gradio.Server, str]) -> None:
    app, address = running_app
    routes = gradio_routes(app)
    assert len(routes) > 60
    with httpx.Client(base_url=address, timeout=10) as client:
        for path, method in routes:
            if is_open(path, method) or is_ours(path):
                continue
            answer = client.request(method, path, headers={"Accept": "*/*"})
            assert answer.status_code == 404, f"{method} {path}"
            if method != "HEAD":
                assert CLOSED in answer.content, f"{method} {path}"


def test_every_open_route_is_one_that_gradio_has(running_app: tuple[gradio.Server, str]) -> None:
    app, _ = running_app
    routes = gradio_routes(app)
    for pattern, methods in OPEN_ROUTES.items():
        assert any(re.fullmatch(pattern, path) and method in methods for path, method in routes), pattern


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload", "/gradio_api/upload/", "/upload", "/gradio_api//upload", "/gradio_api/file=/etc/passwd",
        "/gradio_api/./upload", "/gradio_api/run/../upload", "/gradio_api/%75pload", "/gradio_api/queue/status",
        "/login", "/logout", "/monitoring", "/theme.css", "/manifest.json", "/svelte/x", "/assets/x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD"])
def test_other_spellings_open_nothing(running_app: tuple[gradio.Server, str], path: str, method: str) -> None:
    _, address = running_app
    answer = httpx.request(method, f"{address}{path}", files={"files": ("a", b"x")} if method == "POST" else None)
    assert answer.status_code == 404


def test_what_stays_has_the_headers_and_the_guard(running_app: tuple[gradio.Server, str]) -> None:
    _, address = running_app
    for path in ("/config", "/gradio_api/info", "/gradio_api/openapi.json"):
        answer = httpx.get(f"{address}{path}")
        assert answer.status_code == 200
        assert "frame-ancestors 'self' https://huggingface.co" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        for path in ("run/boards", "call/boards", "queue/join", "api/boards"):
            answer = httpx.post(f"{address}/gradio_api/{path}", json={"data": []}, headers=headers)
            assert answer.status_code == 403, (path, headers)
    assert httpx.post(f"{address}/gradio_api/run/boards", json={"data": []}).status_code == 200
    own = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
    assert httpx.post(f"{address}/gradio_api/run/boards", json={"data": []}, headers=own).status_code == 200


@pytest.mark.parametrize("key", ["path", "url"])
def test_no_argument_makes_the_server_download_a_file(
    running_app: tuple[gradio.Server, str], key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, address = running_app
    asked: list[object] = []

    async def download(*arguments: object) -> str:
        asked.append(arguments)
        return str(tmp_path / "file")

    monkeypatch.setattr("gradio.processing_utils.async_ssrf_protected_download", download)
    file = {"path": "https://evil.example/big", "meta": {"_type": "gradio.FileData"}, key: "https://evil.example/big"}
    answer = httpx.post(f"{address}/gradio_api/run/status", json={"data": [file]})
    assert answer.status_code >= 400
    assert "string" in answer.text
    assert asked == []
