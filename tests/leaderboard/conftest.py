from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leaderboard.app import make_app
from leaderboard.settings import read_settings
from submissions.arena.arena import Arena
from tests.support.arena_fixture import fill
from tests.support.site_client import Open


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    return fill(tmp_path / "arena")


@pytest.fixture
def visit(tmp_path: Path) -> Open:
    def opened(name: str = "arena", **environ: str) -> TestClient:
        app = make_app(read_settings({"ARENA": str(tmp_path / name), **environ}))
        return TestClient(app, follow_redirects=False)

    return opened


@pytest.fixture
def site(arena: Arena, visit: Open) -> TestClient:
    assert arena.read_tasks()
    return visit()
