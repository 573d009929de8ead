"""Command lines start without what only their commands need: `--help` and completion are to be quick."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.integration

LIGHT_MODULES = ("submissions", "submissions.cli.runtime", "submissions.errors", "leaderboard.serve")
HEAVY = ("pyarrow", "pandas", "scipy", "sacrebleu", "regex", "gradio", "torch", "transformers", "ray", "datasketch")


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_a_command_line_starts_without_heavy_packages(module: str) -> None:
    code = f"import sys, {module}; print(sorted(set({HEAVY!r}) & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
