"""CONTRIBUTING.md: its first change works, and the files to copy exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
README = (ROOT / "README.md").read_text()


@pytest.mark.integration
def test_the_first_change_works(tmp_path: Path) -> None:
    files = dict(re.findall(r"`([\w/]+\.\w+)`:\n\n```\w+\n(.*?)```", TEXT, re.DOTALL))
    (test,) = [path for path in files if path.startswith("tests/")]
    assert len(files) == 3
    for folder in ("leaderboard", "submissions", "docs", "prompts"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (routes,) = re.findall(r"`\*(\w+)\.ROUTES`", TEXT)
    with (tmp_path / "leaderboard/pages/__init__.py").open("a") as registry:
        registry.write(f"\nfrom leaderboard.pages import {routes}\n\nROUTES += {routes}.ROUTES\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", [TEXT, README], ids=["CONTRIBUTING", "README"])
def test_the_files_to_copy_exist(page: str) -> None:
    table = re.search(r"^\| to add \|.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    assert table
    rows = [row for row in table[1].splitlines() if "---" not in row]
    assert len(rows) >= 4
    for row in rows:
        names = [name for name in re.findall(r"`([^`]+)`", row) if "/" in name]
        assert names
        assert [name for name in names if not (ROOT / name).exists()] == []
