"""The demo is what its builder makes, covers what it claims, and hides its reference rows from its submissions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from babel.core import get_cldr_version

from curation.layout.flat_reader import read_flat
from curation.layout.hash_split import split_side
from demo.build import FOLDER, POOR_ROWS, build_files, find_max_similarity, make_shingles, normalize_text
from demo.task import DemoTask
from demo.tasks import TASKS
from submissions.records.task import Row
from submissions.tracks import get_track

pytestmark = pytest.mark.integration

ROOT = FOLDER.parent
MADE = build_files()
EACH = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.flat.id)


def rows(path: Path) -> list[Row]:
    return [Row.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()]


def reference(task: DemoTask) -> list[Row]:
    return rows(FOLDER / f"benchmark/references/{task.flat.id}.jsonl")


def delivered(system: str, task: DemoTask) -> list[Row]:
    path = FOLDER / f"submissions/{system}/{task.flat.id}.jsonl"
    return rows(path) if path.exists() else []


def test_committed_files_are_what_the_builder_makes() -> None:
    on_disk = {
        path.relative_to(FOLDER).as_posix(): path.read_bytes()
        for kind in ("benchmark", "submissions")
        for path in (FOLDER / kind).rglob("*")
        if path.is_file()
    }
    assert sorted(on_disk) == sorted(MADE)
    assert [name for name in MADE if on_disk[name] != MADE[name]] == [], "run `python -m demo.build`"


def test_the_files_are_small() -> None:
    assert sum(map(len, MADE.values())) < 1_000_000


def test_every_category_and_kind_is_there_in_several_languages() -> None:
    assert {task.flat.category for task in TASKS} == set(get_track("dataset_research").categories)
    assert {task.flat.kind for task in TASKS} == {group.key for group in get_track("dataset_research").groups}
    assert {"en", "ru", "ar", "zh"} <= {task.flat.language for task in TASKS}
    assert sum("pro" in task.flat.subsets for task in TASKS) == 2


def test_readme_names_the_cldr_version_in_use() -> None:
    assert f"CLDR {get_cldr_version()} " in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_systems_are_described() -> None:
    systems = json.loads((FOLDER / "systems.json").read_text(encoding="utf-8"))
    assert sorted(systems) == sorted(path.name for path in (FOLDER / "submissions").iterdir())
    for system in systems.values():
        assert sorted(system) == ["description", "system", "system_type", "team"]


@EACH
def test_demand_is_plain_and_complete(task: DemoTask) -> None:
    assert 60 <= len(task.flat.demand.split()) <= 120
    assert all(task.flat.metadata.model_dump().values())
    assert not any(name in task.flat.demand for name in ("CLDR", "Babel", "Unicode", task.flat.id))


@EACH
def test_reference_has_two_full_halves(task: DemoTask) -> None:
    hidden = reference(task)
    assert 60 <= len(hidden) <= 200
    assert len(hidden) == task.flat.metadata.samples_count
    for side in ("train", "test"):
        assert sum(split_side(task.flat.id, row.input) == side for row in hidden) >= 60


@EACH
def test_no_delivered_input_is_a_reference_input(task: DemoTask) -> None:
    hidden = {normalize_text(row.input) for row in reference(task)}
    assert len(hidden) == len(reference(task))
    assert task.flat.metadata.example is not None
    assert normalize_text(task.flat.metadata.example.input) not in hidden
    for system in ("good", "poor"):
        assert hidden.isdisjoint(normalize_text(row.input) for row in delivered(system, task))


@EACH
def test_good_rows_are_no_light_edits_of_reference_rows(task: DemoTask) -> None:
    hidden = [make_shingles(row.input) for row in reference(task)]
    for row in delivered("good", task):
        assert find_max_similarity(row.input, hidden) < 0.5, row


@EACH
def test_good_delivers_the_asked_form(task: DemoTask) -> None:
    good = delivered("good", task)
    assert 120 <= len(good) <= 250
    if task.flat.category in ("multiple_choice", "text_classification"):
        assert {row.output for row in good} == {row.output for row in reference(task)}


@EACH
def test_poor_never_delivers_a_right_answer(task: DemoTask) -> None:
    answers = {row.output for row in reference(task)}
    assert answers.isdisjoint(row.output for row in delivered("poor", task))


def test_poor_delivers_little_and_leaves_one_task_out() -> None:
    counts = [len(delivered("poor", task)) for task in TASKS]
    assert sorted(counts) == [0, *[POOR_ROWS] * (len(TASKS) - 1)]


def test_every_text_says_something() -> None:
    for task in TASKS:
        for row in [*reference(task), *delivered("good", task), *delivered("poor", task)]:
            assert row.input.strip() == row.input
            assert row.output.strip() == row.output
            assert row.input
            assert row.output


def test_the_flat_folder_is_sound() -> None:
    assert [task.id for task in read_flat(FOLDER / "benchmark").tasks] == [task.flat.id for task in TASKS]


def test_import_and_verify_from_the_command_line(tmp_path: Path) -> None:
    dest = str(tmp_path / "benchmark")
    for arguments in (["import-flat", str(FOLDER / "benchmark"), dest], ["verify", dest]):
        done = subprocess.run(
            [sys.executable, "-m", "curation", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
