from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leaderboard.app import make_app
from leaderboard.settings import read_settings
from submissions.arena.arena import Arena, open_arena
from tests.support.arena_fixture import fill
from tests.support.site_client import Open


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled arena, to be copied."""
    folder = tmp_path_factory.mktemp("filled") / "arena"
    fill(folder)
    return folder


@pytest.fixture
def arena(filled: Path, tmp_path: Path) -> Arena:
    return open_arena(str(shutil.copytree(filled, tmp_path / "arena")))


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
