"""The documents' claims: links lead somewhere, commands and their options exist, the tree is the tree."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
import typer

import curation.cli
import evaluator.cli.app
import leaderboard.cli
import submissions.cli.app
from evaluator.scoring.metrics import METRICS, Answers
from evaluator.scoring.metrics.translation import chrf_signature
from evaluator.stages.aggregate.result import build_result
from submissions.records.task import Row
from submissions.storage.codec import to_json
from submissions.tracks import TRACKS
from tests.support.evaluation_factories import make_anchor, make_protocol, make_record, make_run
from tests.support.factories import make_task
from tests.support.paths import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("demo/*.md")])
APPS = {
    "submissions": submissions.cli.app.app,
    "evaluator": evaluator.cli.app.app,
    "curation": curation.cli.app,
    "leaderboard": leaderboard.cli.app,
}
SCRIPTS = (
    "demo",
    "demo.build",
    "evaluator.models.tiny_llama.build",
    "tests.browser.screenshots",
    "tests.evaluator.conformance",
    "tests.support.hub",
)


def commands(text: str) -> list[list[str]]:
    """Every `python -m …` of a page, in words; alternatives such as `check|submit` are left out."""
    found = re.findall(r"python -m ([^`\n]+)", text)
    return [shlex.split(line.split("  #")[0]) for line in found if "|" not in line]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]


def test_the_files_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    named = set(re.findall(r"`((?:app\.py|\w+/)[\w./]*)`", text))
    assert len(named) > 80
    assert not {path for path in named if not (ROOT / path).exists()}


def test_the_evaluator_s_folders_form_the_layers_that_the_architecture_names() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    table = text[text.index("| layer | folders of `evaluator/`") : text.index("| layer | folders of `leaderboard/`")]
    layers = [re.findall(r"`evaluator/(\w+)`", line) for line in table.splitlines()]
    depth = {folder: number for number, line in enumerate(layers) for folder in line}
    assert depth.keys() == {path.parent.name for path in ROOT.glob("evaluator/*/__init__.py")}
    for file in ROOT.glob("evaluator/*/**/*.py"):
        folder = file.relative_to(ROOT / "evaluator").parts[0]
        imported = set(re.findall(r"^ *from evaluator\.(\w+)[. ]", file.read_text(), re.MULTILINE)) - {folder, "errors"}
        assert all(depth[folder] < depth[other] for other in imported), f"{file} imports {imported}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist_with_their_options(page: Path) -> None:
    for package, *words in commands(page.read_text()):
        if package in SCRIPTS or package.startswith("benchmarks."):
            assert any((ROOT / f"{package.replace('.', '/')}{end}").is_file() for end in (".py", "/__main__.py"))
            continue
        group = typer.main.get_command(APPS[package])
        assert isinstance(group, click.Group) or hasattr(group, "commands")
        if not words:
            continue
        assert words[0] in group.commands, f"{page.name}: python -m {package} {words[0]}"
        options = {
            name for option in group.commands[words[0]].params for name in (*option.opts, *option.secondary_opts)
        }
        assert {word for word in words if word.startswith("--")} <= options, f"{page.name}: {words}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(
        r"\bmake ([a-z]+)\b(?= |`|$)", "\n".join(re.findall(r"`[^`\n]+`|^\$ .*$", page.read_text(), re.M))
    )
    assert set(named) <= set(targets)


@pytest.mark.integration
def test_the_readme_names_every_folder() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    folders = {path.split("/")[0] for path in tracked if "/" in path and not path.startswith(".")}
    tree = re.search(r"```\n(app\.py.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert tree
    named = {line.split("/")[0] for line in tree[1].splitlines() if "/" in line.split()[0]}
    assert named == folders


def test_the_boards_number_is_recomputed_as_scoring_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = [make_task(name, "text_classification") for name in "abcde"]
    methods = make_protocol().methods
    records = [make_record(task, dict.fromkeys(methods, right)) for task, right in zip(tasks[:2], (1, 4), strict=True)]
    records += [
        make_record(tasks[2], {}, rows=0, delivered=False),
        make_record(tasks[3], dict.fromkeys(methods, 4), anchor=make_anchor(0.5, 0.5)),
        make_record(tasks[4], {}, rows=0, delivered=False, anchor=make_anchor(0.5, 0.5)),
    ]
    result = build_result(make_run(tasks), records)
    (total,) = (one for one in result.totals if (one.method, one.group) == ("fine_tune", "overall"))
    (tmp_path / "result.json").write_bytes(to_json(result))
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/scoring.md").read_text(), re.DOTALL)
    exec(code, {})  # our own page
    assert float(capsys.readouterr().out) == pytest.approx(total.gain.value)
    assert total.gain.n == 3


@pytest.mark.parametrize("metrics", METRICS)
def test_the_examples_of_the_metrics_are_true(metrics: str) -> None:
    lines = re.findall(
        r"^\| (\w+) \| `(.+?)` \| `(.+?)` \| ([\d.]+) \| ([\d.]+) \|$", (ROOT / "docs/scoring.md").read_text(), re.M
    )
    assert {line[0] for line in lines} == TRACKS["dataset_research"].categories.keys()
    for category, expected, answer, arena, paper in lines:
        task = make_task("t", category, language="en" if expected.isascii() else "zh")
        rows = [Row(input="Which?\nA) Paris\nB) Rome", output=expected)]
        labels = ["negative", "positive"] if category == "text_classification" else [expected]
        score = METRICS[metrics](Answers(task, rows, labels, [answer])).score.value
        assert score is not None
        assert f"{score:.4f}" == (arena if metrics.startswith("arena") else paper), (category, expected, answer)


def test_the_signature_of_chrf_is_the_one_that_scoring_names() -> None:
    assert f"`{chrf_signature()}`" in (ROOT / "docs/scoring.md").read_text()


REPO_PATH = re.compile(
    r"`((?:submissions|leaderboard|evaluator|curation|demo|deploy|benchmarks|tests|docs|prompts)/[\w./@*-]*)`"
)
EXAMPLE_FILE = re.compile(r"^`?.*`([\w/]+\.\w+)`:\n\n```", re.MULTILINE)
"""A file of the first change in CONTRIBUTING.md, followed by its content."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_files_of_the_repository_exist(page: Path) -> None:
    text = page.read_text()
    named = set(REPO_PATH.findall(text)) - set(EXAMPLE_FILE.findall(text))
    assert {path for path in named if not any(ROOT.glob(path))} == set()
