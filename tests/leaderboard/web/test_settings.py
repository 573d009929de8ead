"""What the environment may say."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from leaderboard.settings import BadSetting, read_settings
from leaderboard.web.fast_gradio_import import fast_gradio_import
from submissions.arena.arena import Arena
from submissions.tracks import FIRST_TRACK
from tests.support.live_server import free_port
from tests.support.paths import ROOT
from tests.support.site_client import Open


def test_defaults_serve_this_machine_only() -> None:
    settings = read_settings({})
    assert (settings.arena, settings.host, settings.port, settings.protocol_of(FIRST_TRACK)) == (
        ".arena",
        "127.0.0.1",
        7860,
        "demo@1",
    )


def test_a_space_is_reached_from_outside_unless_told_otherwise() -> None:
    assert read_settings({"SPACE_ID": "someone/arena"}).host == "0.0.0.0"
    assert read_settings({"SPACE_ID": "someone/arena", "HOST": "127.0.0.1"}).host == "127.0.0.1"


def test_a_space_shows_no_demo_first_unless_told_otherwise(arena: Arena, visit: Open) -> None:
    assert read_settings({"SPACE_ID": "someone/arena"}).protocol_of(FIRST_TRACK) == "arena@1"
    assert read_settings({"SPACE_ID": "someone/arena", "ARENA_PROTOCOL": "demo@1"}).protocol_of(FIRST_TRACK) == "demo@1"
    space = visit(SPACE_ID="someone/arena")
    assert arena.results.read(f"results/{arena.submission_ids()[0]}/demo@1.json")
    assert {row["protocol"] for row in space.get("/board/dataset_research.json?protocol=demo@1").json()} == {"demo@1"}
    assert space.get("/board/dataset_research.json").json() == []
    assert "<b>demo@1</b>" not in space.get("/").text
    assert "<b>paper@1</b>" in space.get("/").text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("MAX_UPLOAD_MB", "-1"),
        ("ARENA_PROTOCOL", "demo"),
        ("FAST_GRADIO_IMPORT", "maybe"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read_settings({name: value})


def test_the_workaround_for_gradio_can_be_switched_off() -> None:
    assert read_settings({}).fast_gradio_import
    assert not read_settings({"FAST_GRADIO_IMPORT": "no"}).fast_gradio_import
    finders = list(sys.meta_path)
    with fast_gradio_import(is_enabled=False):
        assert sys.meta_path == finders


def start(**environ: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **environ}
    return subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.integration
def test_the_app_does_not_start_on_a_bad_setting() -> None:
    ended = start(PORT="http")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "app.py: PORT='http' is not a whole number from 1 to 65535: correct or unset it.\n"


@pytest.mark.integration
def test_the_app_does_not_start_on_a_taken_port() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ended = start(PORT=str(other.getsockname()[1]))
    assert ended.returncode == 2
    assert "Address already in use. Set another PORT or HOST." in ended.stderr


@pytest.mark.integration
def test_the_app_does_not_start_without_a_place_for_the_arena(tmp_path: Path) -> None:
    ended = start(ARENA=str(tmp_path / "none" / "arena"), PORT=str(free_port()))
    assert ended.returncode == 1
    assert "for the arena" in ended.stderr


@pytest.mark.integration
def test_the_web_app_needs_nothing_of_the_evaluator() -> None:
    loaded = "import sys, leaderboard.app; print(*sorted({name.split('.')[0] for name in sys.modules}), *sys.modules)"
    names = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"evaluator", "torch", "transformers", "ray", "submissions.arena.benchmark"} & set(names.stdout.split())
