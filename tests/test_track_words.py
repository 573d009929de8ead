"""A track's name and words stand in its own folders, and nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from submissions.tracks import TRACKS
from tests.support.paths import ROOT

PACKAGES = ("submissions", "leaderboard", "evaluator", "curation")
PLANNED = ("search_sft", "data_recipe", "deep_research")
"""Tracks to come: their names are forbidden before they exist."""
NAMES = tuple(dict.fromkeys((*TRACKS, *PLANNED)))
METHODS = ("few_shot", "fine_tune")
GROUPS = ("knowledge", "reasoning")
"""Words of prose, too: as a string only where the whole string is the key."""
OWN_FOLDERS = {"tracks", "stages", *NAMES}
_WORD = re.compile("|".join((*NAMES, *METHODS)))
_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def find_words(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each identifier and string literal with a track's word; docstrings are prose."""
    tree = ast.parse(source)
    prose = set(map(id, _list_docstrings(tree)))
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        for name in _list_identifiers(node):
            words = _SNAKE.sub("_", name).lower()
            if _WORD.search(words) or set(GROUPS) & set(words.split("_")):
                yield line, name
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            text = node.value
            if _WORD.search(text) or text in GROUPS:
                yield line, text


def _list_identifiers(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.keyword(arg=str(name)):
            yield name
        case ast.alias(name=name, asname=other):
            yield from filter(None, (name, other))
        case ast.ImportFrom(module=str(name)):
            yield name


def _list_docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every string that stands alone as a statement: of a module, class, function or field."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def list_shared_modules() -> Iterator[Path]:
    """Yield the modules that belong to no track."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            place = path.relative_to(ROOT)
            if not OWN_FOLDERS & {*place.parts, place.stem}:
                yield path


def list_shared_templates() -> Iterator[Path]:
    """Yield the templates that belong to no track."""
    folder = ROOT / "leaderboard/templates"
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".html", ".xml", ".svg", ".txt") and not OWN_FOLDERS & set(path.relative_to(folder).parts):
            yield path


def test_no_word_of_a_track_stands_outside_its_folders() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text[:80]}"
        for path in list_shared_modules()
        for line, text in find_words(path.read_text())
    ]
    assert not found, "\n".join([f"{len(found)} places:", *found])


def test_no_word_of_a_track_stands_in_a_shared_template() -> None:
    word = re.compile(rf"{_WORD.pattern}|['\"](?:{'|'.join(GROUPS)})['\"]|\.(?:{'|'.join(GROUPS)})\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in list_shared_templates()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if word.search(line)
    ]
    assert not found, "\n".join([f"{len(found)} places:", *found])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("few_shot_5 = 1", ["few_shot_5"]),
        ("x.fine_tune", ["fine_tune"]),
        ("class FineTuneRow: pass", ["FineTuneRow"]),
        ("f(knowledge_low=1)", ["knowledge_low"]),
        ("x = 'knowledge'", ["knowledge"]),
        ("x = 'no knowledge of it'", []),
        ("x = f'{y}_few_shot'", ["_few_shot"]),
        ("from a.dataset_research import b", ["a.dataset_research"]),
        ('"""fine_tune in a docstring"""\nx = 1\n"""few_shot of a field"""', []),
        ("acknowledge = 1", []),
    ],
)
def test_the_search_sees_identifiers_and_strings(source: str, words: list[str]) -> None:
    assert [text for _, text in find_words(source)] == words


def test_every_package_has_shared_modules() -> None:
    shared = [path.relative_to(ROOT).parts[0] for path in list_shared_modules()]
    assert all(shared.count(package) > 5 for package in PACKAGES)
    assert len(list(list_shared_templates())) > 10
