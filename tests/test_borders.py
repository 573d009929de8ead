"""Who may import whom (docs: app -> leaderboard -> submissions <- evaluator <- researchers, curation)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

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
HOMES = {
    "ray": ("evaluator/scheduling/ray/",),
    "vllm": ("evaluator/generation/",),
    "deepspeed": ("evaluator/training/",),
    "torch": (
        "evaluator/models/families/tiny_models.py",
        "evaluator/models/tiny_llama/",
        "evaluator/runtime/resource_usage.py",
        "evaluator/training/",
    ),
    "transformers": (
        "evaluator/models/families/tiny_models.py",
        "evaluator/models/tiny_llama/",
        "evaluator/training/",
    ),
    "openai": ("evaluator/llm/",),
    "tantivy": ("evaluator/retrieval/engines/",),
    "bm25s": ("evaluator/retrieval/engines/",),
    "faiss": ("evaluator/retrieval/engines/",),
    "usearch": ("evaluator/retrieval/engines/",),
    "snowballstemmer": ("evaluator/retrieval/",),
    "gradio": ("leaderboard/",),
    "datasketch": ("evaluator/stages/screen/",),
    "rapidfuzz": ("evaluator/scoring/", "evaluator/stages/screen/"),
    "huggingface_hub": (
        "submissions/storage/hub/",
        "submissions/checking/hub_datasets.py",  # data sets that are named instead of sent
        "leaderboard/web/auth/oauth.py",  # its end points for signing in
        "leaderboard/pages/submit/api_outcome.py",  # the errors of those data sets
        "evaluator/models/base_model.py",  # downloads base models
        "evaluator/models/model_shape.py",  # and looks whether they are there
        "evaluator/planning/",
        "curation/arena_setup/",  # creates an arena's repositories
    ),
}
"""The only places that may import an outside system."""
PRESENT = [name for name in MAY if (ROOT / name).is_dir() or (ROOT / f"{name}.py").is_file()]


@cache
def imports(package: str) -> tuple[tuple[str, str], ...]:
    """Where and what: every module that a package imports, at its top, in functions and for types alike."""
    return tuple(_walk_imports(package))


def _walk_imports(package: str) -> Iterator[tuple[str, str]]:
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


@pytest.mark.parametrize("system", HOMES)
def test_an_outside_system_is_imported_where_it_is_at_home(system: str) -> None:
    places = {where for package in PRESENT for where, name in imports(package) if name.split(".")[0] == system}
    assert [where for where in sorted(places) if not where.startswith(HOMES[system])] == []


@pytest.mark.integration
def test_the_contract_loads_nothing_heavy() -> None:
    code = (
        "import pkgutil, importlib, sys, submissions;"
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(submissions.__path__, 'submissions.')"
        " if not {'__main__', 'cli'} & set(m.name.split('.'))];"
        "print(sorted({'torch', 'transformers', 'gradio', 'typer', 'vllm', 'starlette'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
