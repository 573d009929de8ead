"""/healthz for the process, /readyz for the arena."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from submissions.arena.arena import Arena
from submissions.errors import Unreachable
from tests.support.site_client import Open

pytestmark = pytest.mark.integration


def test_a_ready_site_says_so(site: TestClient) -> None:
    assert site.get("/healthz").status_code == 200
    answer = site.get("/readyz")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "tasks" in answer.text


@pytest.mark.parametrize("content", ["", "no head\n", "\0" * 65])
def test_a_damaged_arena_is_alive_and_not_ready(arena: Arena, visit: Open, content: str) -> None:
    (arena.results.folder / ".head").write_text(content)  # type: ignore[attr-defined]
    site = visit()
    assert site.get("/healthz").status_code == 200
    answer = site.get("/readyz")
    assert answer.status_code == 503
    assert "Not ready" in answer.text
    assert answer.headers["retry-after"] == "30"


def test_the_process_is_alive_whatever_reading_the_arena_does(
    arena: Arena, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert arena.read_tasks()
    site = visit()

    def fail() -> None:
        raise Unreachable("The Hub does not answer.")

    monkeypatch.setattr(site.app.state.site.reader, "snapshot", fail)  # type: ignore[attr-defined]
    assert site.get("/healthz").status_code == 200
    assert site.get("/readyz").status_code == 503
