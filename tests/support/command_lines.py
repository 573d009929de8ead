"""The command lines, run in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.paths import ROOT


def run_submissions(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "submissions", *map(str, arguments)]
    env = {**os.environ, "COLUMNS": "160", **environment}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL)


def run_curation(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "curation", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
