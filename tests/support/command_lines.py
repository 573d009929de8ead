"""The command lines: in this process where parsing and output matter, in one of their own where the process does."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from unittest import mock

from submissions.cli.runtime import run_app
from tests.support.paths import ROOT

APPS = {
    "submissions": "submissions.cli.app",
    "evaluator": "evaluator.cli.app",
    "curation": "curation.cli",
    "leaderboard": "leaderboard.cli",
}
"""The module of each command line; loaded when it is run, for that of the evaluator is large."""
WIDE = {"COLUMNS": "160"}


def run_command(package: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m <package> …` without its process: a thirtieth of the time."""
    words = [str(argument) for argument in arguments]
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, {**WIDE, **environment}),
        mock.patch.object(sys, "excepthook"),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = run_app(import_module(APPS[package]).app, package, words)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def run_process(package: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m <package> …` as a user does."""
    command = [sys.executable, "-m", package, *map(str, arguments)]
    env = {**os.environ, **WIDE, **environment}
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, check=False
    )
