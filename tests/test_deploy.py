"""The image and the Space: they hold all that serves the site, and nothing of them needs this repository around it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from leaderboard.settings import read_settings
from leaderboard.templates.markdown_docs import NAMES
from tests.support.arena_fixture import fill
from tests.support.dockerfile import STAGES, read_stages, stage_environment
from tests.support.paths import ROOT

pytestmark = pytest.mark.integration

WEB = ROOT / ".venv-web" / "bin" / "python"
PYTHON = WEB if WEB.exists() else Path(sys.executable)
"""Of the Space's own requirements, where `make web` or `make test` has set it up."""
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def copied(stage: str) -> dict[str, str]:
    """Source and target of each COPY."""
    found = [rest.split() for word, rest in STAGES[stage] if word == "COPY"]
    return {source: target for (source, target) in found}  # noqa: C416  # dict() of lists has no type


def tracked(*paths: str) -> list[str]:
    """What a fresh clone has of them."""
    listed = subprocess.run(["git", "ls-files", "-z", *paths], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for path in listed.stdout.split("\0") if path]


def laid_out(stage: str, folder: Path) -> None:
    """What the stage copies, where it copies it."""
    for source, target in copied(stage).items():
        for path in tracked(source):
            name = Path(source).name if Path(target) in (Path(), Path("./")) else target
            place = folder / name / Path(path).relative_to(source) if path != source else folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, place)


@contextmanager
def serving(folder: Path, arena: Path) -> Iterator[str]:
    """`python app.py` in a folder, as the image's CMD has it, with nothing of this repository on the path."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = stage_environment("web") | {"HOST": "127.0.0.1", "PORT": str(port), "ARENA": str(arena)}
    env |= {"HF_HOME": str(folder / "home"), "HOME": str(folder / "home"), "PATH": os.environ["PATH"]}
    with subprocess.Popen([PYTHON, "app.py"], cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as app:
        try:
            assert app.stdout
            assert str(port) in app.stdout.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            app.terminate()


def visit_everything(base: str) -> None:
    pages = ["/", "/board/dataset_research?protocol=paper@1", "/tasks", "/submit", "/insights", "/cases", "/about"]
    pages += ["/static/arena.css", "/static/vendor/htmx.min.js", "/openapi.json", "/robots.txt"]
    pages += [f"/docs/{name}" for name in NAMES]
    for page in pages:
        with urllib.request.urlopen(base + page) as answer:
            assert answer.status == 200
            assert answer.read()


def test_the_web_image_holds_all_that_serves_the_site(tmp_path: Path) -> None:
    fill(tmp_path / "arena")
    laid_out("web", tmp_path / "srv")
    with serving(tmp_path / "srv", tmp_path / "arena") as base:
        visit_everything(base)


def test_the_folder_of_the_space_serves_the_site(tmp_path: Path) -> None:
    subprocess.run(["make", "space", f"OUT={tmp_path / 'space'}"], cwd=ROOT, check=True, capture_output=True)
    again = subprocess.run(["make", "space", f"OUT={tmp_path / 'space'}"], cwd=ROOT, capture_output=True, text=True)
    assert again.returncode != 0
    assert "Name a new folder" in again.stdout
    wanted = {*tracked(*copied("web")), "README.md", "Dockerfile"}
    assert {
        str(path.relative_to(tmp_path / "space")) for path in (tmp_path / "space").rglob("*") if path.is_file()
    } == wanted
    # The Hub builds the last stage, and must not find another one.
    assert read_stages((tmp_path / "space/Dockerfile").read_text()) == {"web": STAGES["web"]}
    fill(tmp_path / "arena")
    with serving(tmp_path / "space", tmp_path / "arena") as base:
        visit_everything(base)


def test_the_web_image_runs_as_a_user_of_its_own_who_may_write_its_data() -> None:
    words = STAGES["web"]
    runs = " && ".join(rest for word, rest in words if word == "RUN")
    user = [rest for word, rest in words if word == "USER"][-1]
    assert f"useradd --create-home --uid 1000 {user}" in runs
    written = {name: value for name, value in stage_environment("web").items() if value.startswith("/")}
    assert written
    for name, place in written.items():
        top = f"/{place.split('/')[1]}"
        assert f"mkdir {top} && chown {user} {top}" in runs, name
    assert max(number for number, (word, _) in enumerate(words) if word in ("COPY", "RUN")) < words.index(
        ("USER", user)
    )


def test_the_image_s_health_check_asks_the_running_site(tmp_path: Path) -> None:
    rest = next(rest for word, rest in STAGES["web"] if word == "HEALTHCHECK")
    command = json.loads(rest.partition("CMD ")[2])
    fill(tmp_path / "arena")
    laid_out("web", tmp_path / "srv")
    with serving(tmp_path / "srv", tmp_path / "arena") as base:
        env = {"PORT": base.rpartition(":")[2]}
        assert subprocess.run([sys.executable, *command[1:]], env=env, check=False).returncode == 0
    gone = subprocess.run([sys.executable, *command[1:]], env=env, check=False, stderr=subprocess.DEVNULL)
    assert gone.returncode != 0


def test_the_web_image_s_settings_are_settings() -> None:
    settings = read_settings(stage_environment("web"))
    assert (settings.host, settings.arena) == ("0.0.0.0", "/data/arena")
    assert ("EXPOSE", str(settings.port)) in STAGES["web"]
    assert ("CMD", '["python", "app.py"]') in STAGES["web"]


def test_the_evaluator_s_image_holds_what_the_evaluator_imports(tmp_path: Path) -> None:
    laid_out("evaluator", tmp_path)
    for package in ("evaluator", "curation"):
        done = subprocess.run(
            [sys.executable, "-m", package, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
    code = (
        "from evaluator.llm.prompts import *; from evaluator.tracks.protocols import load_protocol; "
        "load_protocol('paper@1')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def card() -> dict[str, object]:
    _, head, text = (ROOT / "deploy/space/README.md").read_text().split("---\n", 2)
    assert text.strip()
    found = yaml.safe_load(head)
    assert isinstance(found, dict)
    return found


def test_the_space_s_card_says_what_the_hub_needs() -> None:
    said = card()
    assert said["sdk"] == "docker"
    assert said["app_port"] == int(stage_environment("web")["PORT"])
    assert {said["colorFrom"], said["colorTo"]} <= COLOURS
    assert len(str(said["short_description"])) <= 60
    assert said["hf_oauth"] is True
    assert "hf_oauth_scopes" not in said, "openid and profile are always granted; nothing else is asked of visitors"
    assert said["license"] == "apache-2.0"


def test_the_space_cannot_be_one_of_the_gradio_kind() -> None:
    """Such a Space is built with gradio[oauth,mcp], whose bounds on mcp are not those of requirements.txt."""
    from importlib.metadata import requires

    wanted = [one for one in requires("gradio") or [] if re.match(r"mcp\b", one)]
    pinned = re.search(r"^mcp==(\d+)\.", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pinned
    assert wanted
    assert all(f"<{pinned[1]}" in one for one in wanted), "mend deploy/space/README.md: it could be sdk: gradio now"


def test_the_evaluator_s_image_is_made_of_what_is_there() -> None:
    for source in copied("evaluator"):
        assert tracked(source), source
    (locks,) = [rest for word, rest in STAGES["evaluator"] if word == "RUN" and "pip install" in rest]
    (lock,) = re.findall(r"-r (\S+)", locks)
    assert lock in [Path(source).name for source in copied("evaluator")]


def test_the_evaluator_s_image_runs_as_a_user_who_may_write_its_work() -> None:
    words = STAGES["evaluator"]
    runs = " && ".join(rest for word, rest in words if word == "RUN")
    user = [rest for word, rest in words if word == "USER"][-1]
    (volume,) = [rest for word, rest in words if word == "VOLUME"]
    assert f"useradd --create-home --uid 1000 {user}" in runs
    assert f"mkdir {volume} && chown {user} {volume}" in runs
    assert words[-3:-1] == [("WORKDIR", volume), ("VOLUME", volume)], "what is kept by default lies beside nothing else"
    assert Path(stage_environment("evaluator")["HF_HOME"]).is_relative_to(volume)
    code = next(rest for word, rest in words if word == "WORKDIR")
    assert stage_environment("evaluator")["PYTHONPATH"] == code


def test_the_evaluator_s_image_starts_the_evaluator_under_a_first_process_that_reaps() -> None:
    word, rest = STAGES["evaluator"][-1]
    assert (word, json.loads(rest)) == ("ENTRYPOINT", ["tini", "--", "python", "-m", "evaluator"])
    installed = " ".join(rest for word, rest in STAGES["evaluator"] if word == "RUN").split()
    assert {"g++", "ninja-build", "tini", "wget"} <= set(installed)
