"""How the code names things: the limits of docs/contributor.md, as figures over all modules outside the tests."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.integration

CODE = ("app.py", "benchmarks", "curation", "demo", "evaluator", "leaderboard", "researchers", "submissions")
IRREGULAR = frozenset(
    "begun bound broken built chosen done drafted drawn fallen foretold forgotten found given gone grown held hidden "
    "kept known laid left lost made meant met said seen sent shown spent stood taken told written".split()
)
"""Participles that do not end in "ed"."""
QUESTIONS = frozenset("How What When Where Whether Which Who Whose Why".split())
REPEATED_MODULES = frozenset(("__init__", "__main__", "app", "errors", "page"))
"""Names that every folder of a package may have for a module."""
MAX_PARTICIPLES, MAX_ONE_WORD_FUNCTIONS, MAX_ONE_WORD_METHODS, MAX_QUESTIONS = 1.0, 15.0, 50.0, 3.0
"""Per cent."""
MAX_MODULES_IN_FOLDER, MAX_FUNCTION_LINES, MAX_MODULE_LINES = 16, 60, 350
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A file of code, parsed."""

    path: PurePosixPath
    lines: int
    tree: ast.Module


@dataclass(frozen=True)
class Function:
    """A function or method, and what its surroundings say of it."""

    place: str
    name: str
    """Without underscores at its ends."""
    lines: int
    is_top_level: bool
    is_method: bool
    is_property: bool
    is_special: bool


@cache
def read_modules() -> tuple[Module, ...]:
    """Every module outside the tests."""
    files = [file for name in CODE for file in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))]
    texts = {file.relative_to(ROOT).as_posix(): file.read_text() for file in sorted(files)}
    return tuple(Module(PurePosixPath(name), text.count("\n"), ast.parse(text)) for name, text in texts.items())


def walk_functions(module: Module) -> Iterator[Function]:
    """Its functions, at every depth."""
    for parent in ast.walk(module.tree):
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, FunctionNode):
                yield Function(
                    place=f"{module.path}:{node.lineno} {node.name}",
                    name=node.name.strip("_"),
                    lines=(node.end_lineno or node.lineno) - node.lineno + 1,
                    is_top_level=isinstance(parent, ast.Module),
                    is_method=isinstance(parent, ast.ClassDef),
                    is_property=any("property" in ast.unparse(decorator) for decorator in node.decorator_list),
                    is_special=node.name.startswith("__") and node.name.endswith("__"),
                )


@cache
def all_functions() -> tuple[Function, ...]:
    """Of all modules."""
    return tuple(function for module in read_modules() for function in walk_functions(module))


def is_participle(name: str) -> bool:
    """Whether a one-word name is a participle; `need` and `feed` are too short to tell."""
    return "_" not in name and (name in IRREGULAR or (name.endswith("ed") and len(name) > 4))


def percent(part: list[str], whole: int) -> float:
    """A share, rounded as names are counted: to a tenth."""
    return round(100 * len(part) / whole, 1)


def test_functions_are_not_named_by_a_bare_participle() -> None:
    named = [function for function in all_functions() if not function.is_special]
    bare = [function.place for function in named if is_participle(function.name) and not function.is_property]
    assert percent(bare, len(named)) <= MAX_PARTICIPLES, bare


def test_module_level_functions_have_a_verb_and_an_object() -> None:
    functions = [function for function in all_functions() if function.is_top_level]
    short = [function.place for function in functions if "_" not in function.name]
    assert percent(short, len(functions)) <= MAX_ONE_WORD_FUNCTIONS, short


def test_half_of_the_methods_have_more_than_a_word() -> None:
    methods = [one for one in all_functions() if one.is_method and not one.is_property and not _is_dunder(one)]
    short = [method.place for method in methods if "_" not in method.name]
    assert percent(short, len(methods)) <= MAX_ONE_WORD_METHODS, short


def _is_dunder(function: Function) -> bool:
    return function.place.rpartition(" ")[2].startswith("__")


def test_docstrings_name_the_thing_instead_of_asking() -> None:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    total, asking = 0, []
    for module in read_modules():
        for node in ast.walk(module.tree):
            if isinstance(node, documented) and (text := ast.get_docstring(node)):
                total += 1
                if text.split()[0].strip(".,:") in QUESTIONS:
                    asking.append(f"{module.path}: {text.splitlines()[0]}")
    assert percent(asking, total) <= MAX_QUESTIONS, asking


def test_a_class_name_exists_once() -> None:
    places = defaultdict(set)
    for module in read_modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].add(str(module.path))
    assert {name: sorted(paths) for name, paths in places.items() if len(paths) > 1} == {}


def test_a_module_name_exists_once_in_its_package() -> None:
    places = defaultdict(list)
    for module in read_modules():
        if module.path.stem not in REPEATED_MODULES:
            places[module.path.parts[0], module.path.stem].append(str(module.path))
    assert [paths for paths in places.values() if len(paths) > 1] == []


def test_no_folder_is_a_drawer() -> None:
    folders = Counter(str(module.path.parent) for module in read_modules() if module.path.name != "__init__.py")
    assert {name: count for name, count in folders.items() if count > MAX_MODULES_IN_FOLDER} == {}


def test_functions_fit_on_a_screen() -> None:
    assert [function.place for function in all_functions() if function.lines > MAX_FUNCTION_LINES] == []


def test_modules_fit_on_a_few_screens() -> None:
    assert [str(module.path) for module in read_modules() if module.lines > MAX_MODULE_LINES] == []
