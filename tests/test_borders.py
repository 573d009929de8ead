"""Who may import whom (docs: app -> leaderboard -> submissions <- evaluator <- researchers, curation)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.paths import ROOT

MAY = {
    "app": {"leaderboard", "submissions"},
    "leaderboard": {"submissions"},
    "submissions": set(),
    "evaluator": {"submissions"},
    "researchers": {"evaluator", "submissions"},
    "curation": {"evaluator", "submissions"},
    "demo": {"curation", "evaluator", "submissions"},
}
"""Of our own packages; each may import itself."""
NEVER = {
    "submissions": {"torch", "transformers", "vllm", "deepspeed", "gradio", "starlette", "fastapi"},
    "leaderboard": {"torch", "transformers", "vllm", "deepspeed", "submissions.arena.benchmark"},
    "evaluator": {"gradio", "starlette", "fastapi"},
}
"""What a package must do without, whoever wrote it."""
PRESENT = [name for name in MAY if (ROOT / name).is_dir() or (ROOT / f"{name}.py").is_file()]


def imports(package: str) -> Iterator[tuple[str, str]]:
    """Where and what: every module that a package imports, at its top, in functions and for types alike."""
    single = ROOT / f"{package}.py"
    for file in [single] if single.is_file() else sorted((ROOT / package).rglob("*.py")):
        where = file.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from ((where, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{where} imports relatively; name the package"
                yield where, str(node.module)
                yield from ((where, f"{node.module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("package", PRESENT)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    found = list(imports(package))
    assert found
    strangers = (MAY.keys() | {"tests", "benchmarks"}) - MAY[package] - {package}
    wrong = {(where, name) for where, name in found if name.split(".")[0] in strangers}
    assert not wrong, f"{package} may import {MAY[package] or 'none of our packages'}"


@pytest.mark.parametrize("package", NEVER)
def test_a_package_does_without(package: str) -> None:
    wrong = {
        (where, name)
        for where, name in imports(package)
        if any(f"{name}.".startswith(f"{never}.") for never in NEVER[package])
    }
    assert not wrong


def test_the_contract_loads_nothing_heavy() -> None:
    code = (
        "import pkgutil, importlib, sys, submissions;"
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(submissions.__path__, 'submissions.')"
        " if m.name.split('.')[-1] not in ('__main__', 'cli', 'command_line', 'screen')];"
        "print(sorted({'torch', 'transformers', 'gradio', 'typer', 'vllm', 'starlette'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
