"""The Space's environment: `requirements.txt` alone serves the board, and has no torch in it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PYTHON = ROOT / ".venv-web" / "bin" / "python"
HEAVY = ("torch", "transformers", "vllm", "deepspeed", "ray", "sacrebleu")


@pytest.fixture(autouse=True)
def environment() -> None:
    assert PYTHON.exists(), "The web environment is not there: `make test` and `make web` set it up."


@pytest.mark.integration
def test_nothing_heavy_can_be_imported() -> None:
    code = f"import importlib.util, json; print(json.dumps([n for n in {HEAVY!r} if importlib.util.find_spec(n)]))"
    found = subprocess.run([PYTHON, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == []


@pytest.mark.slow
def test_it_serves_the_board(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ARENA": str(tmp_path / "arena"), "PORT": str(port)}
    command = [PYTHON, "app.py"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as app:
        try:
            assert app.stdout
            assert str(port) in app.stdout.readline()
            page = urllib.request.urlopen(f"http://127.0.0.1:{port}/board/dataset_research?protocol=paper@1").read()
            assert b"OpenAI o3" in page
        finally:
            app.terminate()
